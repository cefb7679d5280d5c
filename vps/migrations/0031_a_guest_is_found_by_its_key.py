"""A guest belongs to one VPS by its key, which every placement has; a number beside it is the same name, or none."""

import django.db.models.functions.comparison
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models

OLD, NEW = "a_guest_belongs_to_one_vps", "a_guest_has_one_vps"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("vps", "0030_every_placement_names_its_guest")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"CREATE UNIQUE INDEX CONCURRENTLY {NEW} ON placements (cluster_id, guest)", f"DROP INDEX {NEW}"
                ),
                migrations.RunSQL(
                    f"ALTER TABLE placements ADD CONSTRAINT {NEW} UNIQUE USING INDEX {NEW}",
                    f"ALTER TABLE placements DROP CONSTRAINT {NEW}",
                ),
            ],
            state_operations=[
                migrations.AddConstraint(
                    "placement",
                    models.UniqueConstraint(
                        fields=("cluster", "guest"),
                        name=NEW,
                        violation_error_message="This guest is bound to another server already.",
                    ),
                ),
            ],
        ),
        migrations.RemoveConstraint("placement", OLD),
        AddConstraintNotValid(
            "placement",
            models.CheckConstraint(condition=~models.Q(guest=""), name="a_placement_names_its_guest"),
        ),
        ValidateConstraint("placement", "a_placement_names_its_guest"),
        AddConstraintNotValid(
            "placement",
            models.CheckConstraint(
                condition=models.Q(
                    ("vmid", None),
                    ("guest", django.db.models.functions.comparison.Cast("vmid", models.TextField())),
                    _connector="OR",
                ),
                name="a_guests_number_is_its_key",
            ),
        ),
        ValidateConstraint("placement", "a_guests_number_is_its_key"),
        migrations.AlterField("placement", "vmid", models.IntegerField(blank=True, null=True, verbose_name="VMID")),
        migrations.AlterField("formerplacement", "vmid", models.IntegerField(null=True)),
        AddIndexConcurrently(
            "formerplacement", models.Index(fields=["cluster", "guest"], name="former_placements_by_guest")
        ),
        RemoveIndexConcurrently("formerplacement", "former_placements_of_a_guest"),
    ]
