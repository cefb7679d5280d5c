"""How often what may be done: counted for whoever calls. Which limits there are stands with whoever takes from them.

Counted in PostgreSQL by one statement each, so of a hundred at once as many are let through as of a hundred one by one. What
is refused is not counted: nobody fills another's count by being refused.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from web.forgetting import forget

MINUTE, QUARTER, HOUR = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1)


@dataclass(frozen=True)
class Limit:
    what: str
    most: int
    per: timedelta


@dataclass(frozen=True)
class Count:
    """One row: of this limit, for this one."""

    limit: Limit
    who: str = ""


@dataclass(frozen=True)
class Full:
    """A count that takes no more, and after how many seconds it is worth another try."""

    count: Count
    retry_after: int


SPEND = """
    INSERT INTO limit_counts AS kept (what, who, count, ends_at)
    VALUES (%(what)s, %(who)s, 1, statement_timestamp() + %(per)s)
    ON CONFLICT (what, who) DO UPDATE SET
        count = CASE WHEN kept.ends_at > statement_timestamp() THEN kept.count + 1 ELSE 1 END,
        ends_at = CASE WHEN kept.ends_at > statement_timestamp() THEN kept.ends_at ELSE excluded.ends_at END
    WHERE kept.count < %(most)s OR kept.ends_at <= statement_timestamp()
    RETURNING count
"""
WAIT = """
    SELECT extract(epoch FROM ends_at - statement_timestamp()) FROM limit_counts WHERE what = %(what)s AND who = %(who)s
"""
GIVE_BACK = "UPDATE limit_counts SET count = count - 1 WHERE what = %(what)s AND who = %(who)s AND count > 0"
CLEAR = "DELETE FROM limit_counts WHERE what = %(what)s AND who = %(who)s"


def spend(*counts: Count) -> Full | None:
    """One of each, from the narrowest on; or the one that is full, and of none: those behind it never hear of it."""
    for at, count in enumerate(counts):
        if seconds := wait(count):
            give_back(*counts[:at])
            return Full(count, seconds)
    return None


def wait(count: Count) -> int:
    """0 where it was counted; else nothing was, and it is after so many seconds that it is worth another try."""
    with connection.cursor() as cursor:
        cursor.execute(SPEND, facts(count))
        if cursor.fetchone():
            return 0
        cursor.execute(WAIT, facts(count))
        row = cursor.fetchone()
    return max(1, math.ceil(row[0])) if row else 1


def give_back(*counts: Count) -> None:
    """One by one: two who lock the same rows, each in an order of its own, would wait for each other."""
    run(GIVE_BACK, counts)


def clear(*counts: Count) -> None:
    run(CLEAR, counts)


def run(statement: str, counts: tuple[Count, ...]) -> None:
    with connection.cursor() as cursor:
        for count in counts:
            cursor.execute(statement, facts(count))


def facts(count: Count) -> dict[str, Any]:
    return {"what": count.limit.what, "who": count.who, "most": count.limit.most, "per": count.limit.per}


def forget_old() -> int:
    """Counts past their time. Returns how many."""
    return forget("limit_counts", "ends_at < now()")
