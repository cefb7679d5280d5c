"""Turns that one process has at a time: session advisory locks of PostgreSQL. For the services.

A killed process frees its turn at once, a paused one keeps it. They need a connection of their own for as long as they
are held, so workers must not go through a pooler that gives a connection a transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

OPERATIONS_OF_VPS, RECONCILE_OF_CLUSTER, BINDING_BY_NAME, FINDING_ADDRESSES, MOVING = range(0x6F01, 0x6F06)


def wait_for_turn(what: int) -> None:
    """Until this transaction ends nobody else is past this line."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [what])


@contextmanager
def turn(what: int, id: int = 0) -> Iterator[bool]:
    """Whether it is ours now. Nobody waits: who has it does the work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [what, id])
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [what, id])
