from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vps", "0017_clusters_remember_that_they_refuse_their_list"),
    ]

    operations = [
        migrations.AddField(
            model_name="cluster",
            name="doubt",
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="cluster",
            name="doubted_since",
            field=models.DateTimeField(editable=False, null=True, verbose_name="doubted since"),
        ),
        migrations.AddField(
            model_name="cluster",
            name="lacking",
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="cluster",
            name="rights_asked_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
