"""The column keeps its name, which the release before writes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vps", "0034_operations_count_their_phases")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("placement", "stranger", "identity_mismatch"),
                migrations.AlterField(
                    "placement",
                    "identity_mismatch",
                    models.CharField(
                        blank=True,
                        db_column="stranger",
                        db_default="",
                        default="",
                        max_length=64,
                        verbose_name="who is in its place",
                    ),
                ),
            ],
        )
    ]
