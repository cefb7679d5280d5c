from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0004_placements_remember_who_stands_in_their_place'),
    ]

    operations = [
        migrations.AddField(
            model_name='operation',
            name='claims',
            field=models.IntegerField(db_default=0, default=0, verbose_name='turns without an end'),
        ),
        migrations.AddField(
            model_name='operation',
            name='sent_as',
            field=models.CharField(blank=True, db_default='', default='', max_length=190, verbose_name='sent by the token'),
        ),
    ]
