"""Rows are forgotten some thousands at a time, so that nobody waits for their locks. Whoever keeps rows for a time
calls it by the hour.
"""

from django.db import connection

AT_ONCE = 5_000
# What is left over is for the next hour; the task ends within its time.
MOST = 200


def forget(table: str, condition: str) -> int:
    """Rows of which `condition`, which is SQL of ours, is true. Each batch is a transaction. Returns how many went.

    A row that was written to meanwhile has moved, and stays.
    """
    statement = f"""
        DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {condition} LIMIT {AT_ONCE}))
    """  # noqa: S608  a name and a condition that stand in our files
    gone = 0
    with connection.cursor() as cursor:
        for _ in range(MOST):
            cursor.execute(statement)
            gone += cursor.rowcount
            if cursor.rowcount < AT_ONCE:
                break
    return gone
