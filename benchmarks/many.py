"""Rows of a large company, or of a small one, by statements that write all of a table at once. For `reads` and its tests.

The trouble is the same in both: what is counted of it costs what is in trouble, and not what there is.
"""

from typing import Any

from django.db import connection

from vps.db.digest_sum import PUT_RIGHT

VPSES_OF_A_USER = 20
CLUSTERS = 10
# The first four are unbound, gone, in error, and being created; the rest runs, and is seen to run.
FILL = (
    """
    INSERT INTO users (id, password, is_superuser, username, first_name, last_name, is_staff, is_active, date_joined,
        email, token_version, external_id)
    SELECT n, '!', false, 'user-' || lpad(n::text, 6, '0'), '', '', false, true, now(),
        'user-' || lpad(n::text, 6, '0') || '@example.com', 0, 'person-' || n
    FROM generate_series(1, %(users)s) AS n
    """,
    """
    INSERT INTO clusters (id, name, hypervisor, is_active, hosts, token_id, token_secret, ca_pem, fingerprint, seen_at)
    SELECT n, 'cluster-' || n, 'proxmox', true, ARRAY['10.9.0.' || n], 'panel@pve!t', '', '', '', now() + interval '1 day'
    FROM generate_series(1, %(clusters)s) AS n
    """,
    """
    INSERT INTO vps (id, name, status, ip_address, cpu, ram, disk, os, user_id, hypervisor, created_at, updated_at)
    SELECT n, 'web-' || lpad(n::text, 7, '0'), CASE n WHEN 3 THEN 'error' WHEN 4 THEN 'creating' ELSE 'running' END,
        '10.' || n / 65536 || '.' || n / 256 %% 256 || '.' || n %% 256, 2, 2048, 40, 'Debian 12',
        1 + (n - 1) / %(each)s, 'proxmox', now() - interval '30 days', now() - interval '30 days'
    FROM generate_series(1, %(vpses)s) AS n
    """,
    "INSERT INTO external_ids (external_id, vps_id) SELECT 'order-' || id, id FROM vps",
    """
    INSERT INTO placements (vps_id, cluster_id, kind, guest, vmid, node, identity, power, missing_since)
    SELECT id, 1 + id %% %(clusters)s, 'qemu', (100 + id)::text, 100 + id, 'pve' || id %% 20, 'uuid-' || id, 'running',
        CASE WHEN id = 2 THEN now() END
    FROM vps WHERE id <> 1
    """,
    """
    INSERT INTO operations (vps_id, kind, state, step, source, requested_by_id, created_at, finished_at, deadline_at)
    SELECT id, 'reboot', 'succeeded', 'done', 'page', user_id, now() - interval '9 days', now() - interval '9 days', now()
    FROM vps
    """,
    """
    INSERT INTO events (type, vps_id, user_id, source, data, created_at, position)
    SELECT type, id, user_id, 'sync', '{}', now() - interval '20 days', row_number() OVER (ORDER BY number, id)
    FROM vps, (VALUES (1, 'vps.created'), (2, 'vps.bound')) AS kinds (number, type)
    """,
    """
    INSERT INTO events (type, vps_id, user_id, source, data, created_at, position)
    SELECT 'vps.missing', 1 + n, 1, 'system', '{}', now() - interval '10 days', (SELECT max(position) FROM events) + n
    FROM generate_series(1, 30) AS n
    """,
)
# What the triggers would have written, which bulk loading leaves out.
UNBOUND = """
    INSERT INTO unbound_vps SELECT id FROM vps WHERE NOT EXISTS (SELECT FROM placements WHERE vps_id = vps.id)
    ON CONFLICT DO NOTHING
"""
WHY = """
    INSERT INTO why_unbound (vps_id, reason, guest)
    SELECT vps_id, 'too_old', '' FROM unbound_vps
"""
SEQUENCES = ("users", "clusters", "vps")


def fill(vpses: int, *, role: str = "replica") -> None:
    """Into tables that are empty. Triggers and foreign keys are left out in the role of a replica."""
    sizes: dict[str, Any] = {"vpses": vpses, "each": VPSES_OF_A_USER, "users": max(vpses // VPSES_OF_A_USER, 1000)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('session_replication_role', %s, false)", [role])
        for statement in FILL:
            cursor.execute(statement, sizes | {"clusters": CLUSTERS})
        cursor.execute(UNBOUND)
        cursor.execute(WHY)
        for table in SEQUENCES:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608
        cursor.execute("SET session_replication_role = origin")
        cursor.execute(PUT_RIGHT)
        cursor.execute("VACUUM (ANALYZE)")
