"""One machine has one placement: the marks of each are rows, of which the database takes none twice.

What was known until now, one mark each, comes along; where two placements know the same machine by it, the older has it.
A placement takes its marks with it in the database itself, for code of before ends placements too.
"""

import django.db.models.deletion
from django.db import migrations, models

GOES_WITH_ITS_PLACEMENT = """
    ALTER TABLE placement_marks ADD CONSTRAINT a_mark_goes_with_its_placement
    FOREIGN KEY (placement_id) REFERENCES placements (id) ON DELETE CASCADE
"""
KNOWN = r"""
    INSERT INTO placement_marks (placement_id, mark)
    SELECT DISTINCT ON (identity)
        id, CASE WHEN identity ~ '^([0-9a-f]{2}:){5}[0-9a-f]{2}$' THEN 'mac:' ELSE 'uuid:' END || identity
    FROM placements WHERE identity <> '' ORDER BY identity, id
"""


class Migration(migrations.Migration):
    dependencies = [("vps", "0022_clusters_say_who_they_are")]

    operations = [
        migrations.CreateModel(
            "PlacementMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mark", models.CharField(max_length=200)),
                (
                    "placement",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="marks",
                        to="vps.placement",
                    ),
                ),
            ],
            options={
                "db_table": "placement_marks",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("mark__startswith", "uuid:"), ("mark__startswith", "mac:"), _connector="OR"),
                        fields=("mark",),
                        name="a_machine_has_one_placement",
                    ),
                    models.UniqueConstraint(fields=("placement", "mark"), name="a_mark_of_a_placement_is_one_row"),
                ],
            },
        ),
        migrations.RunSQL(GOES_WITH_ITS_PLACEMENT, migrations.RunSQL.noop),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
    ]
