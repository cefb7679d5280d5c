"""The clock that all agree on: the database's. Pauses, leases, deadlines and the time of a stray command go by it alone.

A host whose own clock is a minute wrong would otherwise take others' turns, or send again what may still arrive. Within
SQL, `django.db.models.functions.Now` is the same clock.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import connection

from web.statements import Statement

NOW = "SELECT clock_timestamp()"


def now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(NOW)
        moment: datetime = cursor.fetchone()[0]
    return moment


def reading(read: Callable[[datetime], object]) -> Statement:
    """As `now`, with other statements."""
    return Statement(NOW, (), lambda found: read(found[0][0]))
