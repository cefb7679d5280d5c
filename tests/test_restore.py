"""Copies of the database: what pg_dump writes can be read back, its data alone too."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from launcher.postgres import reachable_binaries, reachable_home, unprivileged
from tests.conftest import person
from tests.vps.db.digest_sums import held, parts
from vps.db.digest_sum import digest_sum, fold
from vps.models import Event, ExternalId, Vps

# A body that was parsed as the function was made names nothing by a path.
OWN_FUNCTIONS = """
    SELECT proname, coalesce(proconfig::text, '') FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c')
    AND prosqlbody IS NULL
"""


@pytest.fixture
def program(tmp_path: Path) -> Any:
    """A program of PostgreSQL's, on the tests' database: its output."""
    user = unprivileged() if os.geteuid() == 0 else None
    binaries = reachable_binaries(reachable_home(tmp_path, user), user)
    where = connection.get_connection_params()
    at = ["-h", where["host"], "-U", where["user"], "-d", where["dbname"]]

    def run(name: str, *options: str, stdin: str = "") -> str:
        command = [str(binaries / name), *at, *options]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def empty_all_tables() -> None:
    names = ", ".join(connection.ops.quote_name(name) for name in connection.introspection.table_names())
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {names}")


def test_restore_of_the_data_alone_fills_a_migrated_database(
    transactional_db: None, make_vps: Any, cluster: Any, program: Any
) -> None:
    """G3: pg_dump sets an empty search path, and the trigger on `users` did not find its table."""
    vps = make_vps(person("alice"))
    Event.objects.record("vps.created", vps, source="sync")
    dumped = program("pg_dump", "--data-only")
    assert "set_config('search_path', ''" in dumped
    empty_all_tables()
    assert not User.objects.exists()
    program("psql", "-q", "-v", "ON_ERROR_STOP=1", stdin=dumped)
    assert User.objects.get().username == "alice"
    assert (Vps.objects.count(), Event.objects.count()) == (1, 1)


def test_restore_of_the_data_alone_counts_each_server_once_in_the_digest(
    transactional_db: None, make_vps: Any, program: Any
) -> None:
    """By the triggers, and not as it was dumped beside."""
    alice = person("alice")
    ExternalId.objects.create(external_id="17", vps_id=make_vps(alice).pk)
    fold()
    make_vps(alice)
    assert parts() == 2
    dumped, before = program("pg_dump", "--data-only"), digest_sum()
    assert dumped.count("COPY public.digest_parts") == 1
    empty_all_tables()
    assert digest_sum() == held() == (0, "0" * 32)
    program("psql", "-q", "-v", "ON_ERROR_STOP=1", stdin=dumped)
    assert digest_sum() == held() == before


def test_restore_lets_a_name_mean_one_person_still(transactional_db: None, program: Any) -> None:
    """G3: the trigger is not just passed by."""
    person("alice")
    insert = (
        "SELECT pg_catalog.set_config('search_path', '', false); "
        "INSERT INTO public.users (username, email, password, first_name, last_name, is_superuser, is_staff, is_active,"
        " date_joined) VALUES ('alice@example.com', 'b@example.com', '', '', '', false, false, true, now());"
    )
    with pytest.raises(AssertionError, match="means somebody else"):
        program("psql", "-q", "-v", "ON_ERROR_STOP=1", stdin=insert)


def test_database_functions_of_ours_bring_their_search_path(db: None) -> None:
    """G3's siblings: whatever is added later, under whoever's path it is called."""
    with connection.cursor() as cursor:
        cursor.execute(OWN_FUNCTIONS)
        found = dict(cursor.fetchall())
    assert found
    assert [name for name, settings in found.items() if "search_path=" not in settings] == []
