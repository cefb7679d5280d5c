"""The launcher's own PostgreSQL, after the ends that only kill -9 gives it."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from launcher.postgres import Postgres
from tests.simulated import wait_for
from tests.stack.conftest import open_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as opened:
        yield opened / "data"


def start(folder: Path) -> Postgres:
    postgres = Postgres(folder, folder / "log", dict(os.environ), is_throwaway=True)
    postgres.begin()
    postgres.wait()
    return postgres


def child_of(postgres: Postgres, word: str) -> int:
    """The pid of the server's process whose title holds `word`."""
    assert postgres.child.process
    leader = str(postgres.child.process.pid)
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            title, parent = (entry / "cmdline").read_bytes(), (entry / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if parent == leader and word.encode() in title:
            return int(entry.name)
    return 0


def test_database_connection_to_a_machine_that_is_gone_is_given_up_within_half_a_minute(db: None) -> None:
    """Left to the kernel, the sweeper would wait for hours in the middle of a query."""
    connection.ensure_connection()
    given = connection.connection.info.get_parameters()
    idle, interval, count = (int(given[f"keepalives_{name}"]) for name in ("idle", "interval", "count"))
    assert idle + interval * count <= 30
    assert int(given["tcp_user_timeout"]) <= 30_000


def test_launcher_postgres_starts_though_a_child_of_the_killed_server_is_still_at_work(folder: Path) -> None:
    """It holds the shared memory, beside which PostgreSQL starts no other server."""
    killed = start(folder)
    busy = wait_for(lambda: child_of(killed, "checkpointer"))
    os.kill(busy, signal.SIGSTOP)
    assert killed.child.process
    killed.child.process.kill()
    killed.child.process.wait()
    again = start(folder)
    assert not Path(f"/proc/{busy}/cwd").exists()
    again.stop()
    killed.stop()


def test_launcher_postgres_starts_though_its_lock_file_names_another_process_and_harms_none(folder: Path) -> None:
    """As after a restart of a container, where process numbers begin anew; a shell may even stand in the folder."""
    first = start(folder)
    first.stop()
    user = first.user or (None, None)
    with subprocess.Popen(["sleep", "60"], cwd=first.data, user=user[0], group=user[1]) as bystander:
        (first.data / "postmaster.pid").write_text(f"{bystander.pid}\n{first.data}\n")
        again = start(folder)
        again.stop()
        assert bystander.poll() is None
        bystander.kill()


def test_launcher_postgres_makes_anew_a_database_whose_making_was_killed(folder: Path) -> None:
    half = Postgres(folder, folder / "log", dict(os.environ)).data.with_name("postgresql.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    start(folder).stop()
