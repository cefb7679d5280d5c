"""A database of release 0.3.0 is brought to today's tables, with what its rows say of machines."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection

from clients.python.ospab_panel_client import digest_of
from launcher.children import ROOT

RELEASE = {"accounts": "0005", "vps": "0016"}
UUID = "aaaaaaaa-0000-0000-0000-000000000101"
ROWS = f"""
    INSERT INTO users (id, username, email, password, is_superuser, is_staff, is_active, first_name, last_name, date_joined)
    VALUES (5, 'alice', 'alice@example.com', '', false, false, true, '', '', now()),
           (4, 'bob', 'bob@example.com', '', false, false, true, '', '', now());
    INSERT INTO clusters (id, name, hypervisor, is_active, hosts, token_id, token_secret, ca_pem, fingerprint)
    VALUES (1, 'main', 'proxmox', true, '{{a}}', 'a@b!c', 'x', '', ''),
           (2, 'twin', 'proxmox', true, '{{b}}', 'a@b!c', 'x', '', '');
    INSERT INTO vps (id, name, status, cpu, ram, disk, os, user_id, hypervisor)
    SELECT id, 'vps-' || id, 'running', 1, 1024, 10, 'Debian 12', CASE WHEN id < 3 THEN 5 ELSE 4 END, 'proxmox'
    FROM generate_series(1, 4) AS id;
    INSERT INTO placements (id, vps_id, cluster_id, kind, vmid, node, identity, power)
    VALUES (1, 1, 1, 'qemu', 101, 'pve1', '{UUID}', 'running'),
           (2, 2, 1, 'lxc', 102, 'pve1', 'bc:24:11:00:00:66', 'running'),
           (3, 3, 2, 'qemu', 101, 'pve1', '{UUID}', 'running'),
           (4, 4, 1, 'qemu', 104, 'pve1', '', 'running');
    INSERT INTO events (type, vps_id, user_id, source, data)
    VALUES ('vps.bound', 9, 5, 'system', '{{"cluster": "main", "kind": "qemu", "vmid": 150}}'),
           ('vps.bound', 1, 5, 'system', '{{"cluster": "main", "kind": "qemu", "vmid": 101}}');
    INSERT INTO vps (id, name, status, cpu, ram, disk, os, user_id, hypervisor)
    SELECT id, 'vps-' || id, 'suspended', 1, 1024, 10, 'Debian 12', 5, 'proxmox' FROM generate_series(5, 7) AS id;
    INSERT INTO events (type, vps_id, user_id, source, data, created_at)
    VALUES ('vps.created', 5, 5, 'sync', '{{"status": "suspended"}}', '2026-01-01T00:00Z'),
           ('vps.created', 6, 5, 'sync', '{{"status": "running"}}', '2026-01-01T00:00Z'),
           ('vps.updated', 6, 5, 'sync', '{{"changed": ["cpu", "status"]}}', '2026-01-02T00:00Z'),
           ('vps.updated', 6, 5, 'sync', '{{"changed": ["cpu"]}}', '2026-01-03T00:00Z');
"""  # noqa: S608
# As the release's own code writes, which knows of no key; it may still run beside today's tables, and after them.
BINDS = """
    INSERT INTO placements (id, vps_id, cluster_id, kind, vmid, node, identity, power)
    VALUES (7, 2, 1, 'qemu', 107, 'pve1', '', 'running')
"""
# As the release's own code does, which may still run beside today's tables.
ENDS = "DELETE FROM placements WHERE vps_id IN (1, 4); DELETE FROM vps WHERE id IN (1, 4)"


def migrate(url: str, *what: str) -> None:
    command = [sys.executable, "-W", "ignore", "manage.py", "migrate", *what, "--verbosity", "0"]
    env = os.environ | {"DATABASE_URL": url, "DB_POOL": "0"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[psycopg.Connection[Any]]:
    """The server of the tests' own databases, for those that stand beside these."""
    where = connection.get_connection_params()
    with psycopg.connect(host=where["host"], user=where["user"], dbname="postgres", autocommit=True) as admin:
        yield admin


@pytest.fixture(scope="module")
def upgraded(server: psycopg.Connection[Any]) -> Iterator[str]:
    """A database as 0.3.0 has left it, with the same machine bound twice, brought to today's tables, which takes long."""
    with database_of(server, f"upgraded_{os.getpid()}") as name:
        url = f"postgresql://{server.info.user}@/{name}?host={server.info.host}"
        for app, number in RELEASE.items():
            migrate(url, app, number)
        with open_database(server, name) as database:
            database.execute(ROWS)
        migrate(url)
        yield name


@pytest.fixture
def released(server: psycopg.Connection[Any], upgraded: str) -> Iterator[Any]:
    """A copy of it for this test alone."""
    with (
        database_of(server, f"released_{os.getpid()}", upgraded) as name,
        open_database(server, name) as database,
    ):
        yield database


@contextmanager
def database_of(server: psycopg.Connection[Any], name: str, template: str = "template1") -> Iterator[str]:
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield name
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def open_database(server: psycopg.Connection[Any], name: str) -> psycopg.Connection[Any]:
    return psycopg.connect(host=server.info.host, user=server.info.user, dbname=name, autocommit=True)


def test_upgrade_keeps_what_was_known_of_machines_and_none_has_two_placements(released: Any) -> None:
    """A1 and A2: the older placement keeps the machine, and whose guests were is read from the events."""
    rows = released.execute("SELECT placement_id, mark FROM placement_marks ORDER BY 1").fetchall()
    assert rows == [(1, f"uuid:{UUID}"), (2, "mac:bc:24:11:00:00:66")]
    former = "SELECT cluster_id, vmid, vps_id, user_id, marks FROM former_placements ORDER BY id"
    assert released.execute(former).fetchall() == [(1, 150, 9, 5, [])]
    released.execute("INSERT INTO why_unbound (vps_id, reason, guest) VALUES (4, 'no_guest', '')")
    released.execute(ENDS)
    assert released.execute(former).fetchall()[1:] == [(1, 101, 1, 5, [f"uuid:{UUID}"]), (1, 104, 4, 4, [])]
    assert released.execute("SELECT count(*) FROM placement_marks").fetchone() == (1,)
    assert released.execute("SELECT count(*) FROM why_unbound").fetchone() == (0,)


def test_upgrade_gives_guests_keys_and_code_of_before_goes_on_writing_numbers(released: Any) -> None:
    keys = "SELECT id, guest, vmid FROM placements ORDER BY id"
    assert released.execute(keys).fetchall() == [(1, "101", 101), (2, "102", 102), (3, "101", 101), (4, "104", 104)]
    assert released.execute("SELECT guest, vmid FROM former_placements").fetchall() == [("150", 150)]
    released.execute("DELETE FROM placements WHERE vps_id = 2")
    released.execute(BINDS)
    assert released.execute(f"{keys} DESC LIMIT 1").fetchone() == (7, "107", 107)
    released.execute("UPDATE placements SET vmid = 108, node = 'pve2' WHERE id = 7")
    assert released.execute(f"{keys} DESC LIMIT 1").fetchone() == (7, "108", 108)
    with pytest.raises(psycopg.errors.UniqueViolation, match="a_guest_has_one_vps"):
        released.execute("UPDATE placements SET vmid = 104 WHERE id = 7")
    released.execute("DELETE FROM placements WHERE id = 7")
    assert released.execute("SELECT guest, vmid FROM former_placements ORDER BY id DESC LIMIT 1").fetchone() == (
        "108",
        108,
    )


def test_placement_of_a_guest_without_a_number_is_kept_and_another_number_is_refused(released: Any) -> None:
    released.execute("UPDATE placements SET guest = %s, vmid = NULL WHERE id = 1", [UUID])
    assert released.execute("SELECT guest, vmid FROM placements WHERE id = 1").fetchone() == (UUID, None)
    with pytest.raises(psycopg.errors.CheckViolation, match="a_guests_number_is_its_key"):
        released.execute("UPDATE placements SET guest = '999', vmid = 998 WHERE id = 4")
    with pytest.raises(psycopg.errors.CheckViolation, match="a_placement_names_its_guest"):
        released.execute("UPDATE placements SET guest = '', vmid = NULL WHERE id = 4")


def test_upgrade_counts_servers_of_before_in_the_digest_and_what_code_of_before_goes_on_writing(released: Any) -> None:
    rows = "SELECT vps.*, external_id FROM vps LEFT JOIN external_ids ON vps_id = vps.id"
    kept = "SELECT sum(count), sum(sum) FROM digest_parts"

    def is_right() -> bool:
        held = released.cursor(row_factory=psycopg.rows.dict_row).execute(rows).fetchall()
        count, total = released.execute(kept).fetchone()
        return bool((count, f"{int(total) % 2**128:032x}") == (len(held), digest_of(held)))

    assert is_right()
    released.execute("UPDATE vps SET status = 'running', cpu = 4 WHERE id > 4")
    released.execute("DELETE FROM vps WHERE id = 5")
    assert is_right()


def test_upgrade_reads_from_events_since_when_a_server_is_suspended(released: Any) -> None:
    rows = "SELECT vps_id, (since AT TIME ZONE 'UTC')::date::text, reason, power FROM suspensions ORDER BY 1"
    assert released.execute(rows).fetchall() == [
        (5, "2026-01-01", "", "keep"),
        (6, "2026-01-02", "", "keep"),
        (7, None, "", "keep"),
    ]
    released.execute("DELETE FROM vps WHERE id = 5")
    assert released.execute("SELECT count(*) FROM suspensions").fetchone() == (2,)
