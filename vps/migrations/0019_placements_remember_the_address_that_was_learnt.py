from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vps", "0018_clusters_remember_what_is_doubted_and_what_is_denied"),
    ]

    operations = [
        migrations.AddField(
            model_name="placement",
            name="learnt_address",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                max_length=45,
                verbose_name="address that it told",
            ),
        ),
    ]
