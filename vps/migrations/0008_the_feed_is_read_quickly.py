from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

UNIQUE = 'a_place_in_the_feed_is_taken_once'


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('vps', '0007_events_have_a_place_in_the_feed'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='event',
            index=models.Index(condition=models.Q(('position__isnull', True)), fields=['id'], name='events_not_settled'),
        ),
        AddIndexConcurrently(
            model_name='event',
            index=models.Index(fields=['user', 'position'], name='feed_of_a_user'),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(f'CREATE UNIQUE INDEX CONCURRENTLY {UNIQUE} ON events (position)', f'DROP INDEX {UNIQUE}'),
                migrations.RunSQL(
                    f'ALTER TABLE events ADD CONSTRAINT {UNIQUE} UNIQUE USING INDEX {UNIQUE}',
                    f'ALTER TABLE events DROP CONSTRAINT {UNIQUE}',
                ),
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name='event',
                    constraint=models.UniqueConstraint(fields=('position',), name=UNIQUE),
                ),
            ],
        ),
    ]
