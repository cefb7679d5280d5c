"""A database of release 0.3.0 is brought to today's tables, with what its rows say of machines."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

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
"""  # noqa: S608
# As the release's own code does, which may still run beside today's tables.
ENDS = "DELETE FROM placements WHERE vps_id IN (1, 4); DELETE FROM vps WHERE id IN (1, 4)"


def migrate(url: str, *what: str) -> None:
    command = [sys.executable, "-W", "ignore", "manage.py", "migrate", *what, "--verbosity", "0"]
    env = os.environ | {"DATABASE_URL": url, "DB_POOL": "0"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture
def released(db: None) -> Iterator[Any]:
    """A database as 0.3.0 has left it, with the same machine bound twice."""
    where = connection.get_connection_params()
    name, server = f"released_{os.getpid()}", {"host": where["host"], "user": where["user"]}
    with psycopg.connect(**server, dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        url = f"postgresql://{where['user']}@/{name}?host={where['host']}"
        for app, number in RELEASE.items():
            migrate(url, app, number)
        with psycopg.connect(**server, dbname=name, autocommit=True) as database:
            database.execute(ROWS)
            migrate(url)
            yield database
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a2_what_was_known_of_machines_is_kept_and_none_has_two_placements(released: Any) -> None:
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
