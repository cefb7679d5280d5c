"""The digest that is kept as servers change, so that none is read for it. Endpoints read it, the sweeper looks after it.

Triggers (migrations 0047 and 0048) add to `digest_parts` what each statement has changed of the sum: insertions alone, so
that nobody waits. One row of the table is the base; `fold` adds the others to it.
"""

import logging
from collections.abc import Iterator

from django.db import connection

from vps.db.locks import CHECKING_DIGEST, try_lock
from vps.db.signs import Statement

log = logging.getLogger(__name__)

BITS = 128
# How many parts may stand beside the base, and for how long the base is believed.
FEW = 100
CHECKED_FOR = "interval '1 day'"
SUM = "SELECT coalesce(sum(count), 0), coalesce(sum(sum), 0) FROM digest_parts"
# What waits in another transaction is for the next time. Two who fold at once fold each row once.
FOLD = """
    WITH folded AS (DELETE FROM digest_parts WHERE NOT is_base RETURNING count, sum)
    UPDATE digest_parts SET count = digest_parts.count + more.count, sum = digest_parts.sum + more.sum
    FROM (SELECT sum(count) AS count, sum(sum) AS sum FROM folded HAVING count(*) > 0) AS more WHERE is_base
"""
# One statement, and so one picture of what is held and of what is kept. What is folded meanwhile changes nothing of that.
PUT_RIGHT = """
    WITH held AS (
        SELECT count(*) AS count, coalesce(sum(digest_number(hash)), 0) AS sum FROM (
            SELECT digest_hash(digest_line(
                vps.id, external_id, user_id, name, status, cpu, ram, disk, os, hypervisor
            )) AS hash
            FROM vps LEFT JOIN external_ids ON external_ids.vps_id = vps.id OFFSET 0
        ) AS hashes
    ),
    lacking AS (
        SELECT held.count - kept.count AS count, held.sum - kept.sum AS sum
        FROM held, (SELECT sum(count) AS count, sum(sum) AS sum FROM digest_parts) AS kept
    )
    UPDATE digest_parts SET
        count = digest_parts.count + lacking.count, sum = digest_parts.sum + lacking.sum, checked_at = now()
    FROM lacking WHERE is_base RETURNING lacking.count, lacking.sum
"""
TOO_MANY: Statement = ("SELECT FROM digest_parts OFFSET %s", (FEW,))
UNCHECKED: Statement = (f"SELECT FROM digest_parts WHERE checked_at < now() - {CHECKED_FOR}", ())


def digest_sum() -> tuple[int, str]:
    """How many VPSs there are, and the sum of the hashes of their lines, in hex: what docs/ tell the main site to compute."""
    with connection.cursor() as cursor:
        cursor.execute(SUM)
        count, total = cursor.fetchone()
    return int(count), f"{int(total) % 2**BITS:0{BITS // 4}x}"


def signs() -> Iterator[Statement]:
    """Statements that find something where `fold` or `check` have something to do (vps.db.signs)."""
    yield TOO_MANY
    yield UNCHECKED


def fold() -> None:
    """Any number of processes may do it at once, beside whoever writes."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD)


def is_check_due() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(*UNCHECKED)
        return cursor.fetchone() is not None


def check() -> bool:
    """Whether the sum is that of what is held. Where it is not, it is now, and the log says so.

    Reads all servers, and nobody waits for it. Where somebody else is at it, it is left to them.
    """
    with try_lock(CHECKING_DIGEST) as is_mine, connection.cursor() as cursor:
        if not is_mine:
            return True
        cursor.execute(PUT_RIGHT)
        count, total = cursor.fetchone()
    is_right = not (count or total)
    if not is_right:
        log.error("the digest that is kept lacked %s servers, and %s of its sum: it has been put right", count, total)
    return is_right
