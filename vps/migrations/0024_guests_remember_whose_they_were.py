"""Whose a guest was is kept as its placement ends, whoever ends it: no name gives it to another customer afterwards.

Of placements that had ended before, the events tell; by what marks the guests of those were known, nobody knows any more.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

REMEMBER = """
    CREATE FUNCTION remember_whose_a_guest_was() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
        INSERT INTO former_placements (cluster_id, kind, vmid, vps_id, user_id, marks)
        SELECT OLD.cluster_id, OLD.kind, OLD.vmid, OLD.vps_id, vps.user_id,
            ARRAY(SELECT mark FROM placement_marks WHERE placement_id = OLD.id ORDER BY id)
        FROM vps WHERE vps.id = OLD.vps_id;
        RETURN OLD;
    END $$;
    CREATE TRIGGER a_guest_remembers_whose_it_was BEFORE DELETE ON placements
    FOR EACH ROW EXECUTE FUNCTION remember_whose_a_guest_was();
"""
FORGET = """
    DROP TRIGGER a_guest_remembers_whose_it_was ON placements;
    DROP FUNCTION remember_whose_a_guest_was();
"""
BEFORE = """
    INSERT INTO former_placements (cluster_id, kind, vmid, vps_id, user_id, ended_at)
    SELECT clusters.id, data->>'kind', (data->>'vmid')::int, vps_id, user_id, max(created_at)
    FROM events JOIN clusters ON clusters.name = data->>'cluster'
    WHERE type = 'vps.bound' AND user_id IS NOT NULL AND vps_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM placements
        WHERE placements.vps_id = events.vps_id AND cluster_id = clusters.id AND vmid = (data->>'vmid')::int
    )
    GROUP BY 1, 2, 3, 4, 5
"""


class Migration(migrations.Migration):
    dependencies = [("vps", "0023_machines_are_known_by_all_their_marks")]

    operations = [
        migrations.CreateModel(
            "FormerPlacement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=4)),
                ("vmid", models.IntegerField()),
                ("vps_id", models.IntegerField()),
                ("user_id", models.IntegerField()),
                (
                    "marks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200), db_default=[], default=list, size=None
                    ),
                ),
                ("ended_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "cluster",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="vps.cluster",
                    ),
                ),
            ],
            options={
                "db_table": "former_placements",
                "indexes": [
                    models.Index(fields=["cluster", "vmid"], name="former_placements_of_a_guest"),
                    models.Index(fields=["vps_id"], name="former_placements_of_a_vps"),
                    django.contrib.postgres.indexes.GinIndex(fields=["marks"], name="former_placements_by_mark"),
                ],
            },
        ),
        migrations.RunSQL(REMEMBER, FORGET),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
    ]
