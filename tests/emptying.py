"""How a database is emptied after a test that has committed. For `tests.conftest`, and tests that share what they commit.

Django truncates every table and then makes all permissions anew, which takes longer than most tests. Here rows are deleted
where there are a few, and permissions stay as they are.
"""

import os
from collections.abc import Iterable
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

# Django writes them after each migration, and nobody else.
KEPT = {"auth_permission", "django_content_type"}
# Where one has become larger, by rows that are long deleted, all are truncated: plans hang on how large a table is.
LARGE = 64 * 1024


def empty(rows_kept: int) -> None:
    """All tables but KEPT, and these as well, to be filled anew, where they have not as many rows as is said."""
    if not is_ours() or not quickly(rows_kept):
        call_command("flush", verbosity=0, interactive=False)


def is_ours() -> bool:
    """Whether the server is a throwaway one, where we may do as we like."""
    return "MIGRATED" in os.environ


def quickly(rows_kept: int) -> bool:
    """Whether that was enough. The locks wait for whoever is still writing."""
    ours = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    # What triggers fill, they fill anew once it is truncated.
    of_triggers = set(connection.introspection.table_names()) - ours - {"django_migrations"}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {listed(ours | of_triggers)}")
        if count_kept() != rows_kept:
            return False
        found = filled(ours - KEPT)
        has_large = any(size > LARGE for _, size in found)
        deletes = "" if has_large else without_triggers([f"DELETE FROM {quoted(name)}" for name, _ in found])  # noqa: S608
        cursor.execute(f"{deletes}TRUNCATE {listed(of_triggers | (ours - KEPT if has_large else set()))}")
    return True


def without_triggers(statements: list[str]) -> str:
    """Foreign keys are triggers, too."""
    on, off = (f"SET LOCAL session_replication_role = {role}" for role in ("replica", "origin"))
    return "; ".join([on, *statements, off, ""])


def filled(names: Iterable[str]) -> list[Any]:
    """(name, bytes) of each that has rows."""
    row = "SELECT trim('{0}', '\"'), pg_relation_size('{0}'::regclass) WHERE EXISTS (SELECT FROM {0})"
    return rows(" UNION ALL ".join(row.format(quoted(name)) for name in names))


def count_kept() -> int:
    return int(rows(f"SELECT {' + '.join(f'(SELECT count(*) FROM {name})' for name in KEPT)}")[0][0])  # noqa: S608


def rows(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def listed(names: Iterable[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def quoted(name: str) -> str:
    quoted: str = connection.ops.quote_name(name)
    return quoted
