"""Those few that no guest is are found without reading all that one is: whoever writes, by triggers of whole statements.

Data that are restored alone come twice, by these triggers and as they were dumped: of what comes by no trigger each row is
looked up, by the index, whatever the table's statistics are by then.
"""

import django.db.models.deletion
from django.db import migrations, models

# A function's plans are kept as long as its connection, from when the table was small or had no statistics.
BY_INDEX = "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"
KEEP = f"""
    CREATE FUNCTION a_new_server_is_unbound() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
        INSERT INTO unbound_vps (vps_id) SELECT id FROM fresh ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$;
    CREATE FUNCTION a_server_that_is_gone_is_not_unbound() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT {BY_INDEX} AS $$
    BEGIN
        DELETE FROM unbound_vps USING gone WHERE unbound_vps.vps_id = gone.id;
        RETURN NULL;
    END $$;
    CREATE FUNCTION a_placement_binds() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT {BY_INDEX} AS $$
    BEGIN
        DELETE FROM unbound_vps USING fresh WHERE unbound_vps.vps_id = fresh.vps_id;
        RETURN NULL;
    END $$;
    CREATE FUNCTION a_placement_that_ends_unbinds() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
        INSERT INTO unbound_vps (vps_id) SELECT vps_id FROM gone ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$;
    CREATE FUNCTION an_unbound_server_is_told_once() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT
    {BY_INDEX} AS $$
    BEGIN
        IF EXISTS (SELECT FROM unbound_vps WHERE vps_id = NEW.vps_id) THEN RETURN NULL; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER an_unbound_server_is_told_once BEFORE INSERT ON unbound_vps
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION an_unbound_server_is_told_once();
    CREATE TRIGGER a_new_server_is_unbound AFTER INSERT ON vps
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION a_new_server_is_unbound();
    CREATE TRIGGER a_server_that_is_gone_is_not_unbound AFTER DELETE ON vps
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION a_server_that_is_gone_is_not_unbound();
    CREATE TRIGGER a_placement_binds AFTER INSERT ON placements
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION a_placement_binds();
    CREATE TRIGGER a_placement_that_ends_unbinds AFTER DELETE ON placements
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION a_placement_that_ends_unbinds();
"""
LEAVE = """
    DROP TRIGGER an_unbound_server_is_told_once ON unbound_vps;
    DROP TRIGGER a_new_server_is_unbound ON vps;
    DROP TRIGGER a_server_that_is_gone_is_not_unbound ON vps;
    DROP TRIGGER a_placement_binds ON placements;
    DROP TRIGGER a_placement_that_ends_unbinds ON placements;
    DROP FUNCTION a_new_server_is_unbound(), a_server_that_is_gone_is_not_unbound(), a_placement_binds(),
        a_placement_that_ends_unbinds(), an_unbound_server_is_told_once();
"""


class Migration(migrations.Migration):
    dependencies = [("vps", "0044_trouble_is_found_without_reading_what_is_well")]

    operations = [
        migrations.CreateModel(
            "UnboundVps",
            fields=[
                (
                    "vps",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="unbound_vps",
                        serialize=False,
                        to="vps.vps",
                    ),
                ),
            ],
            options={"db_table": "unbound_vps"},
        ),
        migrations.RunSQL(KEEP, LEAVE),
    ]
