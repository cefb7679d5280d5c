"""What PostgreSQL itself takes to write the rows of a batch of creates, with their events and external ids. For `sync`."""

import time

from django.db import connection

GIVEN = """
    CREATE TEMPORARY TABLE given AS
    SELECT vps.* FROM jsonb_to_recordset(%s)
    AS vps (external_id text, user_id int, name text, cpu int, ram int, disk int, os text)
"""
INSERT = """
    WITH numbered AS MATERIALIZED (
        SELECT nextval(pg_get_serial_sequence('vps', 'id'))::int AS id, given.* FROM given
    ), named AS (
        INSERT INTO external_ids (external_id, vps_id) SELECT external_id, id FROM numbered ORDER BY 1
    ), made AS (
        INSERT INTO vps (id, user_id, name, status, cpu, ram, disk, os, hypervisor)
        SELECT id, user_id, name, 'creating', cpu, ram, disk, os, 'proxmox' FROM numbered RETURNING id, user_id, status
    )
    INSERT INTO events (type, vps_id, user_id, source, data)
    SELECT 'vps.created', id, user_id, 'sync', jsonb_build_object('status', status) FROM made ORDER BY id
"""


def seconds(rows: str) -> float:
    """Of one statement, once the rows, which are JSON, stand in a table."""
    with connection.cursor() as cursor:
        cursor.execute(GIVEN, [rows])
        began = time.perf_counter()
        cursor.execute(INSERT)
        took = time.perf_counter() - began
        cursor.execute("DROP TABLE given")
    return took
