"""A cluster is known by the certificates of its nodes, whatever it is called here: registered twice, it is found out."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vps", "0021_an_operation_says_how_far_it_was_and_since_when")]

    operations = [
        migrations.AddField(
            "cluster",
            "certificates",
            django.contrib.postgres.fields.ArrayField(
                models.CharField(max_length=160),
                db_default=[],
                default=list,
                editable=False,
                size=None,
                verbose_name="its nodes",
            ),
        ),
        migrations.AddField("cluster", "identified_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddField(
            "cluster",
            "same_as",
            models.ForeignKey(
                editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="vps.cluster"
            ),
        ),
    ]
