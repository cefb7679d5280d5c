from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0008_the_feed_is_read_quickly'),
    ]

    operations = [
        migrations.CreateModel(
            name='SyncState',
            fields=[
                ('vps_id', models.IntegerField(primary_key=True, serialize=False)),
                ('external_id', models.CharField(max_length=191, null=True)),
                ('newest_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'vps_sync',
                'constraints': [
                    models.UniqueConstraint(fields=('external_id',), name='an_external_id_means_one_vps'),
                    models.CheckConstraint(
                        condition=models.Q(('external_id__isnull', False), ('newest_at__isnull', False), _connector='OR'),
                        name='vps_sync_says_something',
                    ),
                ],
            },
        ),
    ]
