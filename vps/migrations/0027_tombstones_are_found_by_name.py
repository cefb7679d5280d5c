"""The names of servers that were deleted before they were bound: their guests may still be there."""

import django.db.models.fields.json
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("vps", "0026_staff_read_why_a_server_is_not_bound")]

    operations = [
        AddIndexConcurrently(
            "tombstone", models.Index(django.db.models.fields.json.KT("row__name"), name="tombstones_by_name")
        ),
    ]
