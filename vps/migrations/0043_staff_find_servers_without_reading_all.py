"""Staff find servers by the beginning of a name or an address, sort them, and narrow them to a few, among however many.

The index of the owner alone is not needed beside the one that begins with it.
"""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Collate, Lower

OLD = "vps_user_id_511c6a76"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("vps", "0042_the_feed_of_a_type_is_read_quickly"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently("vps", models.Index(Collate(Lower("name"), "C"), "id", name="vps_by_name")),
        AddIndexConcurrently("vps", models.Index(Collate("ip_address", "C"), "id", name="vps_by_address")),
        AddIndexConcurrently("vps", models.Index(fields=["status", "id"], name="vps_by_status")),
        AddIndexConcurrently("vps", models.Index(fields=["updated_at", "id"], name="vps_by_last_change")),
        AddIndexConcurrently(
            "vps",
            models.Index(fields=["hypervisor", "id"], condition=~models.Q(hypervisor="proxmox"), name="vps_elsewhere"),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {OLD}",
                    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {OLD} ON vps (user_id)",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    "vps",
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vpses",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
        ),
    ]
