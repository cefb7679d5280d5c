"""An operation's columns keep their names, which the release before writes: what they hold is any hypervisor's now."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vps", "0031_a_guest_is_found_by_its_key")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint("operation", "a_task_belongs_to_one_operation"),
                migrations.RenameField("operation", "upid", "handle"),
                migrations.AlterField(
                    "operation",
                    "handle",
                    models.CharField(
                        blank=True, db_column="upid", db_default="", default="", max_length=255, verbose_name="task"
                    ),
                ),
                migrations.RenameField("operation", "spent_upids", "spent_handles"),
                migrations.AlterField(
                    "operation",
                    "spent_handles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255),
                        blank=True,
                        db_column="spent_upids",
                        db_default=[],
                        default=list,
                        editable=False,
                        size=None,
                    ),
                ),
                migrations.RenameField("operation", "is_ha", "is_managed"),
                migrations.AlterField(
                    "operation",
                    "is_managed",
                    models.BooleanField(db_column="is_ha", db_default=False, default=False, editable=False),
                ),
                migrations.AddConstraint(
                    "operation",
                    models.UniqueConstraint(
                        condition=models.Q(("handle", ""), _negated=True),
                        fields=("handle",),
                        name="a_task_belongs_to_one_operation",
                    ),
                ),
            ],
        )
    ]
