"""Ten thousand creates in one call, beside one statement that writes the same rows, and beside one call each. For `http`."""

import json
import time
import urllib.request
from typing import Any

import psycopg

from benchmarks.contenders import Contender

ROWS = 10_000
# The rows, their external ids and their events: less cannot be written of them.
INSERT = """
    WITH given AS MATERIALIZED (
        SELECT nextval(pg_get_serial_sequence('vps', 'id'))::int AS id, asked.*
        FROM unnest(%s::text[], %s::int[], %s::text[], %s::text[], %s::int[], %s::int[], %s::int[], %s::text[], %s::text[])
            AS asked (external_id, user_id, name, status, cpu, ram, disk, os, hypervisor)
    ),
    named AS (INSERT INTO external_ids (external_id, vps_id) SELECT external_id, id FROM given),
    recorded AS (
        INSERT INTO events (type, vps_id, user_id, source, data)
        SELECT 'vps.created', id, user_id, 'sync', jsonb_build_object('status', status) FROM given
    )
    INSERT INTO vps (id, user_id, name, status, cpu, ram, disk, os, hypervisor)
    SELECT id, user_id, name, status, cpu, ram, disk, os, hypervisor FROM given
"""
COLUMNS = ("external_id", "user_id", "name", "status", "cpu", "ram", "disk", "os", "hypervisor")


def in_one_call(panel: Contender, key: str, orders: list[dict[str, Any]]) -> float:
    """Rows a second."""
    body = json.dumps({"operations": [{"action": "create", "vps": order} for order in orders]}).encode()
    headers = {"X-API-Key": key, "Content-Type": "application/json", "Host": "localhost"}
    request = urllib.request.Request(f"http://127.0.0.1:{panel.port}/api/vps/sync/batch", body, headers)
    began = time.perf_counter()
    with urllib.request.urlopen(request) as response:  # noqa: S310
        answer = response.read()
    seconds = time.perf_counter() - began
    if not answer.startswith(b'{"status":"success"'):
        raise SystemExit(answer[:500].decode())
    return len(orders) / seconds


def in_one_statement(database_url: str, orders: list[dict[str, Any]]) -> float:
    """Rows a second."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        began = time.perf_counter()
        connection.execute(INSERT, [[order[column] for order in orders] for column in COLUMNS])
        return len(orders) / (time.perf_counter() - began)
