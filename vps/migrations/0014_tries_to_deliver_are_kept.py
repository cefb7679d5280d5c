import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0013_events_are_delivered_to_endpoints'),
    ]

    operations = [
        migrations.CreateModel(
            name='WebhookAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='when')),
                ('status', models.IntegerField(null=True, verbose_name='HTTP status')),
                ('error', models.CharField(blank=True, choices=[('address', 'an address that nothing is sent to'), ('name', 'its name was not found'), ('connection', 'it could not be connected to'), ('tls', 'its certificate was not accepted'), ('timed_out', 'it did not answer in time'), ('broken', 'its answer broke off, or was none')], db_default='', default='', max_length=10, verbose_name='failure')),
                ('took_ms', models.IntegerField(verbose_name='took, ms')),
                ('answer', models.CharField(blank=True, db_default='', default='', max_length=1024, verbose_name='beginning of the answer')),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='vps.webhookdelivery', verbose_name='webhook delivery')),
            ],
            options={
                'verbose_name': 'webhook attempt',
                'verbose_name_plural': 'webhook attempts',
                'db_table': 'webhook_attempts',
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('error', ''), ('status__isnull', False)), models.Q(('status', None), models.Q(('error', ''), _negated=True)), _connector='OR'), name='an_attempt_has_an_answer_or_an_error')],
            },
        ),
    ]
