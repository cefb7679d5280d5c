from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('vps', '0005_operations_count_claims_and_remember_their_token'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='vps',
            index=models.Index(condition=models.Q(('status', 'creating')), fields=['updated_at'], name='vps_being_created_since'),
        ),
    ]
