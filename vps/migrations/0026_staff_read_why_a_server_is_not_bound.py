"""Why a server was not bound by its name."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

GOES_WITH_ITS_VPS = """
    ALTER TABLE why_unbound ADD CONSTRAINT a_reason_goes_with_its_vps
    FOREIGN KEY (vps_id) REFERENCES vps (id) ON DELETE CASCADE
"""


class Migration(migrations.Migration):
    dependencies = [("vps", "0025_guests_say_again_who_they_are")]

    operations = [
        migrations.CreateModel(
            "WhyUnbound",
            fields=[
                (
                    "vps",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="why_unbound",
                        serialize=False,
                        to="vps.vps",
                    ),
                ),
                ("reason", models.CharField(choices=[
    ("switched_off", "binding by name is switched off"),
    ("by_hand", "staff have unbound it: it is not bound by its name again"),
    ("too_old", "it is older than 7 days: a guest that appears now is hardly its own"),
    ("two_servers", "several unbound servers bear its name"),
    ("two_guests", "several unbound guests bear its name"),
    ("no_guest", "no unbound guest bears its name"),
    ("not_heard", "a guest that does not answer now may bear its name"),
    ("size", "the guest has other cores or memory than were sold"),
    ("former_owner", "the guest was another customer's"),
    ("anothers", "the guest is another server's, seen through another entry of its cluster"),
    ("no_answer", "the guest could not be asked who it is"),
], max_length=20, verbose_name="why it is not bound")),
                ("guest", models.CharField(blank=True, max_length=200, verbose_name="guest")),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={"db_table": "why_unbound"},
        ),
        migrations.RunSQL(GOES_WITH_ITS_VPS, migrations.RunSQL.noop),
    ]
