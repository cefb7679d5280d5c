"""What gives an external id to a server, or takes it away, changes the server's line, and so the sum of the digest.

A migration of its own: some writers lock the one table first and some the other, so that whoever waits for both at once
waits in a circle. An external id whose server is not there, or not yet, counts for nothing: the server counts it. So does one
that the server's own statement has made: no other statement writes both tables, for each would count the other.
"""

from django.db import migrations

COLUMNS = "vps.user_id, vps.name, vps.status, vps.cpu, vps.ram, vps.disk, vps.os, vps.hypervisor"
COUNTED_ALREADY = """
    EXISTS (
        SELECT FROM external_ids AS made
        WHERE made.external_id = one.external_id AND made.xmin = vps.xmin AND made.cmin = vps.cmin
    )
"""
# The server is locked, so that its line is the one that a change of it at the same time begins with.
COUNT = f"""
    IF EXISTS (SELECT FROM {{rows}} AS one WHERE (SELECT true FROM vps WHERE vps.id = one.vps_id AND NOT {COUNTED_ALREADY})) THEN
        INSERT INTO digest_parts (count, sum) SELECT 0, sum({{sign}} * sign * digest_number(hash)) FROM (
            SELECT sign, digest_hash(digest_line(vps.id, side.external_id, {COLUMNS})) AS hash
            FROM {{rows}} AS one
            CROSS JOIN LATERAL (
                SELECT * FROM vps WHERE vps.id = one.vps_id AND NOT {COUNTED_ALREADY} FOR NO KEY UPDATE
            ) AS vps
            CROSS JOIN LATERAL (VALUES (1, one.external_id), (-1, '')) AS side (sign, external_id) OFFSET 0
        ) AS hashes HAVING count(*) > 0;
    END IF;
    RETURN NULL;
"""
# A function's plans are kept as long as its connection, from when the table was small.
BY_INDEX = "SET search_path FROM CURRENT SET enable_seqscan = off"
KEEP = f"""
    CREATE FUNCTION an_external_id_that_is_given_changes_the_digest() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $$
    BEGIN
        {COUNT.format(rows="fresh", sign=1)}
    END $$;
    CREATE FUNCTION an_external_id_that_is_gone_changes_the_digest() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $$
    BEGIN
        {COUNT.format(rows="gone", sign=-1)}
    END $$;
    CREATE TRIGGER an_external_id_that_is_given_changes_the_digest AFTER INSERT ON external_ids
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION an_external_id_that_is_given_changes_the_digest();
    CREATE TRIGGER an_external_id_that_is_gone_changes_the_digest AFTER DELETE ON external_ids
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION an_external_id_that_is_gone_changes_the_digest();
    CREATE TRIGGER an_external_id_that_passes_is_given AFTER UPDATE ON external_ids
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION an_external_id_that_is_given_changes_the_digest();
    CREATE TRIGGER an_external_id_that_passes_is_gone AFTER UPDATE ON external_ids
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION an_external_id_that_is_gone_changes_the_digest();
    CREATE TRIGGER the_digest_is_counted_anew AFTER TRUNCATE ON external_ids
    FOR EACH STATEMENT EXECUTE FUNCTION the_digest_is_counted_anew();
"""
LEAVE = """
    DROP TRIGGER an_external_id_that_is_given_changes_the_digest ON external_ids;
    DROP TRIGGER an_external_id_that_is_gone_changes_the_digest ON external_ids;
    DROP TRIGGER an_external_id_that_passes_is_given ON external_ids;
    DROP TRIGGER an_external_id_that_passes_is_gone ON external_ids;
    DROP TRIGGER the_digest_is_counted_anew ON external_ids;
    DROP FUNCTION an_external_id_that_is_given_changes_the_digest(), an_external_id_that_is_gone_changes_the_digest();
"""


class Migration(migrations.Migration):
    dependencies = [("vps", "0047_the_digest_is_kept_as_servers_change")]

    operations = [migrations.RunSQL(KEEP, LEAVE)]
