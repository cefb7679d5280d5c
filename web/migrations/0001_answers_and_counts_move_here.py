"""The tables are there, made by migrations 0002 and 0008 of `accounts`: they change their app and nothing else."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0008_attempts_are_counted'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='KeptAnswer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('caller', models.CharField(max_length=40)),
                        ('path', models.CharField(max_length=255)),
                        ('key', models.CharField(max_length=255)),
                        ('fingerprint', models.CharField(db_column='asked', max_length=64)),
                        ('status', models.SmallIntegerField()),
                        ('body', models.TextField()),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        'db_table': 'kept_answers',
                        'default_permissions': (),
                        'indexes': [models.Index(fields=['created_at'], name='kept_answers_by_age')],
                        'constraints': [
                            models.UniqueConstraint(fields=('caller', 'path', 'key'), name='a_key_is_answered_once'),
                            models.CheckConstraint(condition=models.Q(('status__gte', 200), ('status__lte', 299)), name='only_success_is_kept'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='LimitCount',
                    fields=[
                        ('pk', models.CompositePrimaryKey('what', 'who', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('what', models.CharField(max_length=40)),
                        ('who', models.CharField(blank=True, max_length=120)),
                        ('count', models.IntegerField()),
                        ('ends_at', models.DateTimeField()),
                    ],
                    options={
                        'db_table': 'limit_counts',
                        'default_permissions': (),
                        'indexes': [models.Index(fields=['ends_at'], name='limit_counts_by_end')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('count__gte', 0)), name='nothing_is_counted_below_zero')],
                    },
                ),
            ],
        ),
    ]
