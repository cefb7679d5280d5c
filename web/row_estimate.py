"""About how many rows a table has, by PostgreSQL's own statistics: for lists that are too long to be counted."""

from typing import Any

from django.db import connection

STATISTICS = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass(%s)"


def estimate(model: Any) -> int:
    """0 of a table that nobody has looked through yet, as a new one is."""
    with connection.cursor() as cursor:
        cursor.execute(STATISTICS, [connection.ops.quote_name(model._meta.db_table)])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def rounded(number: int) -> int:
    """To two digits: more of an estimate would say more than is known."""
    step = 10 ** max(len(str(number)) - 2, 0)
    return int(round(number / step) * step)
