from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vps", "0016_an_endpoint_that_takes_nothing_is_given_up"),
    ]

    operations = [
        migrations.AddField(
            model_name="cluster",
            name="is_refusing",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
