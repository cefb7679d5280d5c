import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0010_the_newest_word_on_a_server_is_known'),
    ]

    operations = [
        migrations.CreateModel(
            name='SyncCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='when')),
                ('minute', models.DateTimeField(null=True, verbose_name='minute')),
                ('count', models.IntegerField(default=1, verbose_name='times')),
                ('request_id', models.CharField(max_length=128, verbose_name='request')),
                ('action', models.CharField(max_length=40, verbose_name='action')),
                ('path', models.CharField(max_length=255, verbose_name='path')),
                ('status', models.SmallIntegerField(verbose_name='status')),
                ('code', models.CharField(max_length=64, verbose_name='code')),
                ('message', models.CharField(max_length=500, verbose_name='message')),
                ('duration_ms', models.IntegerField(verbose_name='ms')),
                ('operations', models.IntegerField(default=0, verbose_name='operations')),
                ('failed', models.IntegerField(default=0, verbose_name='operations that failed')),
                ('replayed', models.BooleanField(default=False, verbose_name='answered from memory')),
                ('vps', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vps.vps', verbose_name='server')),
            ],
            options={
                'verbose_name': 'call of the main site',
                'verbose_name_plural': 'main site',
                'db_table': 'sync_calls',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['at'], name='sync_calls_by_time'), models.Index(fields=['request_id'], name='sync_calls_by_request'), models.Index(condition=models.Q(('status__gte', 400), ('failed__gt', 0), _connector='OR'), fields=['id'], name='sync_calls_in_trouble')],
                'constraints': [models.UniqueConstraint(fields=('minute', 'status', 'code'), name='calls_at_the_door_are_counted_by_minute'), models.CheckConstraint(condition=models.Q(('count', 1), ('minute__isnull', False), _connector='OR'), name='calls_let_in_are_told_one_by_one'), models.CheckConstraint(condition=models.Q(('failed__lte', models.F('operations'))), name='no_more_of_a_batch_fails_than_it_holds')],
            },
        ),
    ]
