from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vps", "0032_operations_name_tasks_by_handles")]

    operations = [
        migrations.AddField(
            "operation", "params", models.JSONField(blank=True, db_default={}, default=dict, editable=False)
        )
    ]
