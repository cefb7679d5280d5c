"""The feed of some types, however rare they are, and what people did: without reading what lies between.

The index of the owner alone is not needed beside those that begin with it.
"""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

OLD = "events_user_id_523ab72d"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("vps", "0041_operations_name_where_they_were_asked_for"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently("event", models.Index(fields=["type", "position"], name="feed_of_a_type")),
        AddIndexConcurrently(
            "event",
            models.Index(
                fields=["source", "position"],
                condition=models.Q(source__in=["page", "api", "admin"]),
                name="events_that_people_made",
            ),
        ),
        AddIndexConcurrently("event", BrinIndex(fields=["created_at"], autosummarize=True, name="events_by_time")),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {OLD}",
                    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {OLD} ON events (user_id)",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    "event",
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
        ),
    ]
