from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0008_the_feed_is_read_quickly'),
    ]

    operations = [
        migrations.CreateModel(
            name='ExternalId',
            fields=[
                ('external_id', models.CharField(max_length=191, primary_key=True, serialize=False)),
                ('vps_id', models.IntegerField(unique=True)),
            ],
            options={
                'db_table': 'external_ids',
            },
        ),
    ]
