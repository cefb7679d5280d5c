"""Locks that one process has at a time: session advisory locks of PostgreSQL. For services and operations.

A killed process frees its lock at once, a paused one keeps it. They need a connection of their own for as long as they
are held, so workers must not go through a pooler that gives a connection a transaction.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from web.locks import try_lock, try_lock_one_of
from web.statements import Statement, run

OPERATIONS_OF_VPS, RECONCILE_OF_CLUSTER, BINDING_BY_NAME, FINDING_ADDRESSES, MOVING, ASSIGNING_POSITIONS = range(
    0x6F01, 0x6F07
)
# 0x6F0D is of those who send mails (accounts.mails): `break_locks` ends them too.
ENQUEUEING, DELIVERING, DELIVERY_SLOT = range(0x6F0A, 0x6F0D)
CHECKING_DIGEST = 0x6F0E
__all__ = [
    "break_locks",
    "full",
    "held",
    "holders_of",
    "idle_holders",
    "lock_until_commit",
    "slot",
    "try_lock",
    "try_lock_one_of",
]
# The first of a cluster's slots; the others follow.
SLOTS_OF_CLUSTER = 0x6F10


def lock_until_commit(what: int) -> None:
    """Until this transaction ends nobody else is past this line."""
    run([locking_until_commit(what)])


def locking_until_commit(what: int) -> Statement:
    """As `lock_until_commit`, with other statements."""
    return Statement("SELECT pg_advisory_xact_lock(%s, 0)", [what])


@contextmanager
def slot(id: int, numbers: Iterable[int]) -> Iterator[bool]:
    """Whether one of these slots of the cluster is ours now, the first that is free. Nobody waits."""
    with try_lock_one_of([(SLOTS_OF_CLUSTER + number, id) for number in numbers]) as is_mine:
        yield is_mine


OF_OURS = "locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
HELD = f"SELECT objid FROM pg_locks WHERE {OF_OURS} AND classid = %s AND granted"  # noqa: S608
IDLE_HOLDERS = f"""
    SELECT DISTINCT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE {OF_OURS} AND classid BETWEEN %s AND %s AND granted
    AND state LIKE 'idle%%' AND state_change < clock_timestamp() - make_interval(secs => %s)
"""  # noqa: S608
FULL = f"""
    SELECT objid::bigint FROM pg_locks WHERE {OF_OURS} AND classid BETWEEN %s AND %s AND granted
    GROUP BY objid HAVING count(*) = %s
"""  # noqa: S608
BREAK = f"SELECT pg_terminate_backend(pid) FROM ({IDLE_HOLDERS}) AS silent"  # noqa: S608


def holders_of(what: int) -> RawSQL:
    """`held` as a part of another statement."""
    return RawSQL(HELD.replace("objid", "objid::bigint", 1), [what])  # noqa: S611  a constant of ours


def full(slots: int) -> RawSQL:
    """The clusters whose first slots, so many of them, are all taken. As a part of another statement."""
    return RawSQL(FULL, [SLOTS_OF_CLUSTER, SLOTS_OF_CLUSTER + slots - 1, slots])  # noqa: S611  a constant of ours


def held(what: int) -> list[int]:
    """The ids of which somebody has this lock now."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [what])
        return [row[0] for row in cursor.fetchall()]


def idle_holders(idle_for_s: float) -> tuple[str, tuple[Any, ...]]:
    """A statement that finds the connections which `break_locks` would end."""
    return IDLE_HOLDERS, (OPERATIONS_OF_VPS, SLOTS_OF_CLUSTER + 0xF, idle_for_s)


def break_locks(idle_for_s: float) -> int:
    """End the connections that hold a lock and have said nothing for so long: their process was paused, or hangs.

    Returns how many. What they write after that is refused.
    """
    with connection.cursor() as cursor:
        cursor.execute(BREAK, idle_holders(idle_for_s)[1])
        return len(cursor.fetchall())
