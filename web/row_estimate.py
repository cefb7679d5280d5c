"""About how many rows a table has, by PostgreSQL's own statistics: for lists that are too long to be counted."""

from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

STATISTICS = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass(%s)"

COMMON = """
    SELECT value, (frequency * greatest(reltuples, 0))::bigint
    FROM pg_stats JOIN pg_class ON pg_class.oid = to_regclass(%s),
        unnest(most_common_vals::text::int[], most_common_freqs) AS common (value, frequency)
    WHERE schemaname = current_schema() AND tablename = %s AND attname = %s
"""


def estimate(model: Any) -> int:
    """0 of a table that nobody has looked through yet, as a new one is."""
    with connection.cursor() as cursor:
        cursor.execute(STATISTICS, [connection.ops.quote_name(model._meta.db_table)])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def estimates_by(model: Any, column: str) -> dict[int, int]:
    """About how many rows have each value of this column of numbers, of those values that many have."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(COMMON, [connection.ops.quote_name(table), table, column])
        return dict(cursor.fetchall())


def frequent(model: Any, column: str, rows: int) -> RawSQL:
    """For a condition: those values of this column of numbers that more rows have than so many, about."""
    table = model._meta.db_table
    statistics = f"SELECT value FROM ({COMMON}) AS known (value, number) WHERE number > %s"  # noqa: S608
    return RawSQL(statistics, [connection.ops.quote_name(table), table, column, rows])  # noqa: S611


def rounded(number: int) -> int:
    """To two digits: more of an estimate would say more than is known."""
    step = 10 ** max(len(str(number)) - 2, 0)
    return int(round(number / step) * step)
