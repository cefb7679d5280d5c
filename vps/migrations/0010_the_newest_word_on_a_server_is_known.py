from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0009_servers_have_the_main_sites_own_ids'),
    ]

    operations = [
        migrations.CreateModel(
            name='NewestWord',
            fields=[
                ('vps_id', models.IntegerField(primary_key=True, serialize=False)),
                ('occurred_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'newest_words',
            },
        ),
    ]
