"""What is in trouble, and what a list is narrowed to, costs what there is of it.

The indexes of a link alone are not needed beside those that begin with it.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

OF_A_CLUSTER, OF_A_VPS = "placements_cluster_id_3d858e5e", "operations_vps_id_fef6ffc0"


def dropped(index: str, on: str) -> migrations.RunSQL:
    again = f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {index} ON {on}"
    return migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {index}", again)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("vps", "0043_staff_find_servers_without_reading_all")]

    operations = [
        AddIndexConcurrently("placement", models.Index(fields=["cluster", "vps"], name="placements_of_a_cluster")),
        AddIndexConcurrently(
            "placement",
            models.Index(
                fields=["vps"],
                condition=models.Q(missing_since__isnull=False)
                | models.Q(doubted_since__isnull=False)
                | models.Q(power="unknown")
                | ~models.Q(identity_mismatch=""),
                name="placements_in_trouble",
            ),
        ),
        AddIndexConcurrently("operation", models.Index(fields=["state", "id"], name="operations_by_state")),
        AddIndexConcurrently(
            "operation",
            models.Index(
                fields=["error_code", "id"], condition=~models.Q(error_code=""), name="operations_by_error"
            ),
        ),
        AddIndexConcurrently("operation", models.Index(fields=["kind", "id"], name="operations_by_kind")),
        AddIndexConcurrently("operation", models.Index(fields=["source", "id"], name="operations_by_source")),
        AddIndexConcurrently(
            "webhookdelivery",
            models.Index(fields=["ended_at"], condition=models.Q(state="given_up"), name="deliveries_given_up"),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                dropped(OF_A_CLUSTER, "placements (cluster_id)"),
                dropped(OF_A_VPS, "operations (vps_id)"),
            ],
            state_operations=[
                migrations.AlterField(
                    "placement",
                    "cluster",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="placements",
                        to="vps.cluster",
                        verbose_name="cluster",
                    ),
                ),
                migrations.AlterField(
                    "operation",
                    "vps",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="operations",
                        to="vps.vps",
                        verbose_name="server",
                    ),
                ),
            ],
        ),
    ]
