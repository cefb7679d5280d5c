"""Locks that one process has at a time: session advisory locks of PostgreSQL. For whoever works on what is due.

A killed process frees its lock at once, a paused one keeps it. They need a connection of their own for as long as they
are held, so workers must not go through a pooler that gives a connection a transaction. Which locks there are stands with
whoever takes them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

Lock = tuple[int, int]  # what, and of which id


@contextmanager
def try_lock(what: int, id: int = 0) -> Iterator[bool]:
    """Whether it is ours now, and until this block ends. Nobody waits: who has it does the work."""
    is_mine = acquire(what, id)
    try:
        yield is_mine
    finally:
        if is_mine:
            give_back(what, id)


@contextmanager
def try_lock_one_of(locks: Sequence[Lock]) -> Iterator[bool]:
    """Whether the first of these that is free is ours now. Nobody waits."""
    ours = acquire_one_of(locks)
    try:
        yield ours is not None
    finally:
        if ours is not None:
            give_back(*ours)


def acquire_one_of(locks: Sequence[Lock]) -> Lock | None:
    """PostgreSQL tries one after the other, and none behind the first that it gives."""
    tries = " ".join(f"WHEN pg_try_advisory_lock(%s, %s) THEN {at}" for at in range(len(locks)))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT CASE {tries} END", [value for lock in locks for value in lock])
        at = cursor.fetchone()[0]
    return None if at is None else locks[at]


def acquire(what: int, id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [what, id])
        return bool(cursor.fetchone()[0])


def give_back(what: int, id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [what, id])
