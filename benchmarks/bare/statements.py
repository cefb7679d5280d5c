"""The two statements of benchmarks.bare.writing. Each is a transaction of its own, and gives the row or none."""

from benchmarks.bare.listing import COLUMNS

WRITTEN = ("user_id", "name", "status", "cpu", "ram", "disk", "os", "hypervisor")
TYPES = {"user_id": "int", "cpu": "int", "ram": "int", "disk": "int"}
GIVEN = {column: f"%({column})s::{TYPES.get(column, 'text')}" for column in (*WRITTEN, "external_id")}
LISTED = ", ".join(COLUMNS)
# Until here; who waits for the commit is not counted.
TOOK = "%(before_ms)s + extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000"
LOGGED = f"""
    INSERT INTO sync_calls (at, count, request_id, action, path, status, code, message, duration_ms, operations, failed,
        replayed, vps_id)
    SELECT now(), 1, %(request_id)s, %(action)s, '/api/vps/sync', %(status_code)s, '', '', {TOOK}, 0, 0, false, id
"""

# An external id is claimed before the row is made: who comes with the same one at the same time waits for this commit.
CREATE = f"""
    WITH owner AS MATERIALIZED (SELECT id FROM users WHERE id = {GIVEN["user_id"]} FOR KEY SHARE),
    claimed AS (
        INSERT INTO external_ids (external_id, vps_id)
        SELECT {GIVEN["external_id"]}, nextval(pg_get_serial_sequence('vps', 'id')) FROM owner
        WHERE {GIVEN["external_id"]} IS NOT NULL
        ON CONFLICT DO NOTHING RETURNING vps_id
    ),
    identified AS (
        SELECT vps_id FROM claimed UNION ALL
        SELECT nextval(pg_get_serial_sequence('vps', 'id')) FROM owner WHERE {GIVEN["external_id"]} IS NULL
    ),
    fresh AS (
        INSERT INTO vps (id, {", ".join(WRITTEN)})
        SELECT vps_id, {", ".join(GIVEN[column] for column in WRITTEN)} FROM identified RETURNING *
    ),
    recorded AS (
        INSERT INTO events (type, vps_id, user_id, source, data)
        SELECT 'vps.created', id, user_id, 'sync', jsonb_build_object('status', status) FROM fresh
    ),
    logged AS ({LOGGED} FROM fresh)
    SELECT {LISTED}, {GIVEN["external_id"]} FROM fresh
"""  # noqa: S608

MEANT = f"(SELECT vps_id FROM external_ids WHERE external_id = {GIVEN['external_id']})"  # noqa: S608
NAMED = sorted(WRITTEN)
DIFFERS = ", ".join(
    f"CASE WHEN vps.{column} IS DISTINCT FROM coalesce({GIVEN[column]}, vps.{column}) THEN '{column}' END"
    for column in NAMED
)
# The row is locked first; what does not differ is not written, and makes no event.
UPDATE = f"""
    WITH known AS MATERIALIZED (
        SELECT vps.*, array_remove(ARRAY[{DIFFERS}], NULL) AS changed FROM vps
        WHERE vps.id = coalesce(%(id)s::int, {MEANT}) AND ({GIVEN["external_id"]} IS NULL OR vps.id = {MEANT})
            AND vps.status <> 'suspended'
        FOR UPDATE OF vps
    ),
    fresh AS (
        UPDATE vps SET updated_at = now(), {", ".join(f"{c} = coalesce({GIVEN[c]}, vps.{c})" for c in WRITTEN)}
        FROM known WHERE vps.id = known.id AND changed <> '{{}}' RETURNING vps.*, changed
    ),
    recorded AS (
        INSERT INTO events (type, vps_id, user_id, source, data)
        SELECT 'vps.updated', id, user_id, 'sync', jsonb_build_object('changed', changed) FROM fresh
    ),
    now_is AS (
        SELECT {LISTED} FROM fresh UNION ALL SELECT {LISTED} FROM known WHERE changed = '{{}}'
    ),
    logged AS ({LOGGED} FROM now_is)
    SELECT now_is.*, external_id FROM now_is LEFT JOIN external_ids ON external_ids.vps_id = now_is.id
"""  # noqa: S608
