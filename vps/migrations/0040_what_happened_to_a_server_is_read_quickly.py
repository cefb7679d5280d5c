"""The activity of one server, the newest first, whatever its length; the index of the link alone is not needed beside it."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

OLD = "events_vps_id_3a8b5026"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("vps", "0039_operations_are_found_by_time")]

    operations = [
        AddIndexConcurrently("event", models.Index(fields=["vps", "-id"], name="events_of_a_vps_newest")),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {OLD}",
                    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {OLD} ON events (vps_id)",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    "event",
                    "vps",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="vps.vps",
                        verbose_name="server",
                    ),
                ),
            ],
        ),
    ]
