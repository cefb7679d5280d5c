"""A guest is named by the driver's own text, which is a number with some hypervisors alone.

Code of before goes on writing `vmid` alone, while and after this runs: a trigger gives `guest` the same name. The trigger
that remembers whose a guest was names it in both ways.
"""

from django.db import migrations, models

FOLLOW = """
    CREATE FUNCTION a_guests_key_follows_its_number() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
        IF NEW.guest = '' OR (TG_OP = 'UPDATE' AND NEW.guest = OLD.guest AND NEW.vmid IS DISTINCT FROM OLD.vmid) THEN
            NEW.guest := coalesce(NEW.vmid::text, '');
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER a_guests_key_follows_its_number BEFORE INSERT OR UPDATE OF vmid, guest ON placements
    FOR EACH ROW EXECUTE FUNCTION a_guests_key_follows_its_number();
    CREATE TRIGGER a_guests_key_follows_its_number BEFORE INSERT OR UPDATE OF vmid, guest ON former_placements
    FOR EACH ROW EXECUTE FUNCTION a_guests_key_follows_its_number();
"""
UNFOLLOW = """
    DROP TRIGGER a_guests_key_follows_its_number ON former_placements;
    DROP TRIGGER a_guests_key_follows_its_number ON placements;
    DROP FUNCTION a_guests_key_follows_its_number();
"""
REMEMBER = """
    CREATE OR REPLACE FUNCTION remember_whose_a_guest_was() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    BEGIN
        INSERT INTO former_placements (cluster_id, kind, {columns}, vps_id, user_id, marks)
        SELECT OLD.cluster_id, OLD.kind, {values}, OLD.vps_id, vps.user_id,
            ARRAY(SELECT mark FROM placement_marks WHERE placement_id = OLD.id ORDER BY id)
        FROM vps WHERE vps.id = OLD.vps_id;
        RETURN OLD;
    END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("vps", "0028_the_newest_word_is_called_the_last_sync_time")]

    operations = [
        migrations.AddField("placement", "guest", models.CharField(db_default="", max_length=64, verbose_name="guest")),
        migrations.AddField("formerplacement", "guest", models.CharField(db_default="", max_length=64)),
        migrations.RunSQL(FOLLOW, UNFOLLOW),
        migrations.RunSQL(
            REMEMBER.format(columns="vmid, guest", values="OLD.vmid, OLD.guest"),
            REMEMBER.format(columns="vmid", values="OLD.vmid"),
        ),
    ]
