import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_people'),
    ]

    operations = [
        migrations.CreateModel(
            name='KeptAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('caller', models.CharField(max_length=40)),
                ('path', models.CharField(max_length=255)),
                ('key', models.CharField(max_length=255)),
                ('asked', models.CharField(max_length=64)),
                ('status', models.SmallIntegerField()),
                ('body', models.TextField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'db_table': 'kept_answers',
                'indexes': [models.Index(fields=['created_at'], name='kept_answers_by_age')],
                'constraints': [
                    models.UniqueConstraint(fields=('caller', 'path', 'key'), name='a_key_is_answered_once'),
                    models.CheckConstraint(condition=models.Q(('status__gte', 200), ('status__lte', 299)), name='only_success_is_kept'),
                ],
            },
        ),
    ]
