"""Their tables stay as they are: the app `web` has their models now."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_attempts_are_counted'),
        ('web', '0001_answers_and_counts_move_here'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name='KeptAnswer'),
                migrations.DeleteModel(name='LimitCount'),
            ],
        ),
    ]
