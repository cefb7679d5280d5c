"""A guest says again who it is, in turn, and at once where the list casts doubt on it."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vps", "0024_guests_remember_whose_they_were")]

    operations = [
        migrations.AddField(
            "placement",
            "identified_at",
            models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="said last who it is"
            ),
        ),
        migrations.AddField(
            "placement",
            "doubted_since",
            models.DateTimeField(editable=False, null=True, verbose_name="in doubt since"),
        ),
    ]
