"""One hash over all that the main site decides of its VPSs, so that both sides can see whether they agree."""

from django.db import connection

# What the hypervisor decides is left out: the address, and whether an active VPS runs. docs/ tell the main site the same.
DIGEST = """
    SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(line, '' ORDER BY id), ''), 'UTF8')), 'hex')
    FROM (
        SELECT vps.id, digest_line(
            vps.id, external_id, user_id, name, status, cpu, ram, disk, os, hypervisor
        ) AS line
        FROM vps LEFT JOIN external_ids ON external_ids.vps_id = vps.id
    ) AS lines
"""


def digest() -> tuple[int, str]:
    """How many VPSs there are, and the SHA-256, in hex, of a line for each in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(DIGEST)
        count, sha256 = cursor.fetchone()
    return count, sha256
