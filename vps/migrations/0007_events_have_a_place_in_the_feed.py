from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0006_servers_being_created_are_found_quickly'),
    ]

    operations = [
        migrations.AddField(
            model_name='event',
            name='position',
            field=models.BigIntegerField(editable=False, null=True, verbose_name='place in the feed'),
        ),
    ]
