"""How long an operation of a kind has taken lately, computed from those of this panel. For pages.

Of few there is nothing to say. The answer is kept for some minutes, so that it costs an open page nothing.
"""

from math import ceil

from django.db import connection

from vps import observations
from vps.models import Operation

ENOUGH, LATEST = 20, 2000
MINUTE = 60
# Nine of ten were done by then.
SHARE = 0.9
TAKEN = """
    SELECT count(*), percentile_cont(%s) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - created_at))
    FROM (SELECT * FROM operations ORDER BY id DESC LIMIT %s) AS latest
    WHERE kind = %s AND is_forced = %s AND state = 'succeeded'
"""


def usual_time(operation: Operation) -> int | None:
    """Seconds by which most were done, rounded up so that it reads well, or None where too few are known."""
    name = f"{operation.kind}:{operation.is_forced}"
    kept = observations.usual_time(name)
    if kept is None:
        kept = measure(operation)
        observations.store_usual_time(name, kept)
    return kept or None


def measure(operation: Operation) -> int:
    """0 where too few are known."""
    with connection.cursor() as cursor:
        cursor.execute(TAKEN, [SHARE, LATEST, operation.kind, operation.is_forced])
        count, seconds = cursor.fetchone()
    return round_up(seconds) if count >= ENOUGH else 0


def round_up(seconds: float) -> int:
    """To ten seconds within a minute, and to whole minutes beyond."""
    step = 10 if seconds <= MINUTE else MINUTE
    return max(step, ceil(seconds / step) * step)
