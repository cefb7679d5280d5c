"""Which failures pass by themselves: nothing was done, and the same may well be done in a moment. Doors and pages ask it."""

from collections.abc import Iterator

from django.db import InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

# Whatever has no connection, no room, no turn, or was told to end: PostgreSQL's classes 08, 40, 53, 55, 57 and 58.
DATABASE_DOWN = (OperationalError, InterfaceError, PoolTimeout)
# These are of a class whose others are ours to mend: a standby, or a failover that has not ended; paused for too long
# in a transaction; a transaction that took too long; a statement that was prepared before a migration, and is anew now.
STATES = {"25006", "25P03", "25P04", "0A000"}


def is_transient(error: BaseException | None) -> bool:
    """Of what came of another failure, that one counts too: a transaction that cannot go on says only that it cannot."""
    return any(isinstance(one, DATABASE_DOWN) or getattr(one, "sqlstate", None) in STATES for one in causes(error))


def causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
