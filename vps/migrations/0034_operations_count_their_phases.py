from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vps", "0033_operations_keep_what_they_were_asked_with")]

    operations = [
        migrations.AddField("operation", "phase", models.SmallIntegerField(db_default=0, default=0, editable=False))
    ]
