"""The sum of a hash a server changes with each statement that changes servers, so that nobody reads them all for it.

Each statement adds a row of what it changed, in its own transaction: nobody waits for anybody, and a rollback takes it back.
One row, the base, has what was folded into it. Servers of before are not in it yet.

Data that are restored alone come twice, by these triggers and as they were dumped: what comes by no trigger is left out.
"""

from django.db import migrations

# A body that is parsed here needs no search path, and is inlined into whoever calls it.
TABLE = f"""
    CREATE TABLE digest_parts (
        is_base boolean NOT NULL DEFAULT false,
        count bigint NOT NULL,
        sum numeric NOT NULL,
        checked_at timestamptz
    );
    INSERT INTO digest_parts (is_base, count, sum, checked_at) VALUES (true, 0, 0, now());
    CREATE FUNCTION digest_line(
        id int, external_id text, user_id int, name text, status text, cpu int, ram int, disk int, os text, hypervisor text
    ) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN concat_ws(
        E'\\t', id, coalesce(external_id, ''), user_id, name,
        CASE WHEN status IN ('running', 'stopped') THEN 'active' ELSE status END, cpu, ram, disk, os, hypervisor
    ) || E'\\n';
    CREATE FUNCTION digest_hash(line text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN encode(sha256(convert_to(line, 'UTF8')), 'hex');
    CREATE FUNCTION digest_number(hash text) RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ('x' || substr(hash, 1, 8))::bit(32)::bigint * {2**96}::numeric
        + ('x' || substr(hash, 9, 12))::bit(48)::bigint * {2**48}::numeric
        + ('x' || substr(hash, 21, 12))::bit(48)::bigint;
"""
COLUMNS = ("user_id", "name", "status", "cpu", "ram", "disk", "os", "hypervisor")
NAME = "(SELECT external_id FROM external_ids WHERE vps_id = {row}.id)"


def line(row: str, external_id: str = NAME) -> str:
    """SQL: the line of this row."""
    columns = ", ".join(f"{row}.{column}" for column in COLUMNS)
    return f"digest_line({row}.id, {external_id.format(row=row)}, {columns})"


# A function's plans are kept as long as its connection, from when the tables were small. A hash is taken once: OFFSET 0.
BY_INDEX = "SET search_path FROM CURRENT SET enable_seqscan = off"
ADD = "INSERT INTO digest_parts (count, sum)"
KEEP = f"""
    CREATE FUNCTION a_new_server_is_in_the_digest() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $$
    BEGIN
        {ADD} SELECT count(*), sum(digest_number(hash))
        FROM (SELECT digest_hash({line("fresh")}) AS hash FROM fresh OFFSET 0) AS hashes HAVING count(*) > 0;
        RETURN NULL;
    END $$;
    CREATE FUNCTION a_server_that_is_gone_leaves_the_digest() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $$
    BEGIN
        {ADD} SELECT -count(*), -sum(digest_number(hash))
        FROM (SELECT digest_hash({line("gone")}) AS hash FROM gone OFFSET 0) AS hashes HAVING count(*) > 0;
        RETURN NULL;
    END $$;
    CREATE FUNCTION a_changed_server_changes_the_digest() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM fresh FULL JOIN gone USING (id) WHERE {line("fresh", "''")} IS DISTINCT FROM {line("gone", "''")}
        ) THEN
            {ADD} SELECT 0, sum(sign * digest_number(hash)) FROM (
                SELECT sign, digest_hash({line("side")}) AS hash
                FROM (SELECT 1 AS sign, fresh.* FROM fresh UNION ALL SELECT -1, gone.* FROM gone) AS side OFFSET 0
            ) AS hashes;
        END IF;
        RETURN NULL;
    END $$;
    CREATE FUNCTION the_digest_is_counted_anew() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
        DELETE FROM digest_parts;
        INSERT INTO digest_parts (is_base, count, sum, checked_at)
        SELECT true, count(*), coalesce(sum(digest_number(hash)), 0), now()
        FROM (SELECT digest_hash({line("vps")}) AS hash FROM vps OFFSET 0) AS hashes;
        RETURN NULL;
    END $$;
    CREATE FUNCTION a_digest_that_was_dumped_is_left_out() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
        RETURN NULL;
    END $$;
    CREATE TRIGGER a_digest_that_was_dumped_is_left_out BEFORE INSERT ON digest_parts
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION a_digest_that_was_dumped_is_left_out();
    CREATE TRIGGER the_digest_is_counted_anew AFTER TRUNCATE ON digest_parts
    FOR EACH STATEMENT EXECUTE FUNCTION the_digest_is_counted_anew();
    CREATE TRIGGER a_new_server_is_in_the_digest AFTER INSERT ON vps
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION a_new_server_is_in_the_digest();
    CREATE TRIGGER a_changed_server_changes_the_digest AFTER UPDATE ON vps
    REFERENCING NEW TABLE AS fresh OLD TABLE AS gone FOR EACH STATEMENT
    EXECUTE FUNCTION a_changed_server_changes_the_digest();
    CREATE TRIGGER a_server_that_is_gone_leaves_the_digest AFTER DELETE ON vps
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION a_server_that_is_gone_leaves_the_digest();
    CREATE TRIGGER the_digest_is_counted_anew AFTER TRUNCATE ON vps
    FOR EACH STATEMENT EXECUTE FUNCTION the_digest_is_counted_anew();
"""
LEAVE = """
    DROP TRIGGER a_new_server_is_in_the_digest ON vps;
    DROP TRIGGER a_changed_server_changes_the_digest ON vps;
    DROP TRIGGER a_server_that_is_gone_leaves_the_digest ON vps;
    DROP TRIGGER the_digest_is_counted_anew ON vps;
    DROP TABLE digest_parts;
    DROP FUNCTION a_new_server_is_in_the_digest(), a_changed_server_changes_the_digest(),
        a_server_that_is_gone_leaves_the_digest(), the_digest_is_counted_anew(), a_digest_that_was_dumped_is_left_out(),
        digest_line(int, text, int, text, text, int, int, int, text, text), digest_hash(text), digest_number(text);
"""


class Migration(migrations.Migration):
    dependencies = [("vps", "0046_unbound_servers_of_before_are_known")]

    operations = [migrations.RunSQL(TABLE + KEEP, LEAVE)]
