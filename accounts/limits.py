"""How often what may be tried. Doors, accounts.guesses and accounts.authentication call it; the table below says it all.

Counted in PostgreSQL by one statement each, so of a hundred at once as many are let through as of a hundred one by one. What
is refused is not counted: nobody fills another's count by being refused.
"""

import logging
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from accounts.errors import TooManyAttempts

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limit:
    what: str
    most: int
    per: timedelta


MINUTE, QUARTER, HOUR = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1)

# Wrong passwords, wherever one is asked for: login page, API, admin, change of password.
#                            what, and by whom it is counted     most  per
PASSWORDS_NEAR = Limit("wrong passwords, account and network", 10, QUARTER)
# Of what comes from where this account was never logged in to. Networks that it knows are not bound by these.
PASSWORDS_OF_NETWORK = Limit("wrong passwords, network", 30, QUARTER)
PASSWORDS_OF_ACCOUNT = Limit("wrong passwords, account", 200, HOUR)
PASSWORDS_ALIKE = Limit("wrong passwords, password", 50, HOUR)
PASSWORDS_OF_ALL = Limit("wrong passwords, all", 1000, QUARTER)

# Secrets that nobody guesses. The right one is let in whatever was counted; these keep down what the wrong ones cost.
KEYS_OF_NETWORK = Limit("wrong keys, network", 30, MINUTE)
KEYS_OF_ALL = Limit("wrong keys, all", 300, MINUTE)
REFRESHES_OF_NETWORK = Limit("wrong refresh tokens, network", 100, QUARTER)
LINKS_OF_NETWORK = Limit("wrong login links, network", 30, QUARTER)


@dataclass(frozen=True)
class Count:
    """One row: of this limit, for this one."""

    limit: Limit
    who: str = ""


TAKE = """
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


def wait(count: Count) -> int:
    """0 where it was counted; else nothing was, and it is after so many seconds that it is worth another try."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, facts(count))
        if cursor.fetchone():
            return 0
        cursor.execute(WAIT, facts(count))
        row = cursor.fetchone()
    return max(1, math.ceil(row[0])) if row else 1


def take(*counts: Count) -> None:
    """From the narrowest on: what one refuses, those behind it never hear of. Raises TooManyAttempts."""
    for at, count in enumerate(counts):
        if seconds := wait(count):
            give_back(*counts[:at])
            log.warning("Too many %s: refused for %s s, %s", count.limit.what, seconds, count.who or "all of them")
            raise TooManyAttempts(seconds)


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
