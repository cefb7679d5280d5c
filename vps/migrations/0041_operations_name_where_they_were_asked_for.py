"""Staff read in words where an operation was asked for. The column stays as it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vps", "0040_what_happened_to_a_server_is_read_quickly")]

    operations = [
        migrations.AlterField(
            "operation",
            "source",
            models.CharField(
                choices=[
                    ("sync", "main site"),
                    ("page", "page"),
                    ("api", "API"),
                    ("admin", "admin"),
                    ("system", "panel"),
                ],
                max_length=10,
                verbose_name="requested from",
            ),
        ),
    ]
