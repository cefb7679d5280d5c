import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0012_webhooks_have_endpoints'),
    ]

    operations = [
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(choices=[('vps.created', 'server created'), ('vps.updated', 'server changed'), ('vps.deleted', 'server deleted'), ('vps.bound', 'server bound to a guest'), ('vps.unbound', 'server unbound'), ('vps.status_changed', 'power seen to change'), ('vps.missing', 'guest gone from its cluster'), ('vps.mistaken', 'another guest found in its place'), ('vps.found', 'guest seen again'), ('operation.queued', 'operation queued'), ('operation.succeeded', 'operation succeeded'), ('operation.failed', 'operation failed'), ('webhook.test', 'test')], max_length=40, verbose_name='type')),
                ('position', models.BigIntegerField(null=True, verbose_name='place in the feed')),
                ('body', models.TextField(verbose_name='body')),
                ('state', models.CharField(choices=[('pending', 'pending'), ('delivered', 'delivered'), ('given_up', 'given up')], db_default='pending', default='pending', max_length=10, verbose_name='state')),
                ('tries', models.IntegerField(db_default=0, default=0, verbose_name='tries')),
                ('claims', models.IntegerField(db_default=0, default=0)),
                ('next_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='next try')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='created')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ('event', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vps.event', verbose_name='event')),
                ('vps', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vps.vps', verbose_name='server')),
                ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='vps.webhookendpoint', verbose_name='webhook endpoint')),
            ],
            options={
                'verbose_name': 'webhook delivery',
                'verbose_name_plural': 'webhook deliveries',
                'db_table': 'webhook_deliveries',
                'ordering': ['-id'],
            },
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['endpoint', 'next_at', 'position'], name='deliveries_pending_by_time'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(models.F('endpoint'), django.db.models.functions.comparison.Coalesce('vps_id', 0), models.F('position'), condition=models.Q(('state', 'pending')), name='first_pending_of_a_vps'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state', 'pending'), _negated=True), fields=['ended_at'], name='deliveries_ended_by_time'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.UniqueConstraint(fields=('endpoint', 'event'), name='an_event_is_told_once_to_an_endpoint'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'pending')), models.Q(('ended_at__isnull', False), ('state__in', ['delivered', 'given_up'])), _connector='OR'), name='an_ended_delivery_says_when'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('event', None), ('position', None), ('type', 'webhook.test')), models.Q(models.Q(('type', 'webhook.test'), _negated=True), ('event__isnull', False), ('position__isnull', False)), _connector='OR'), name='all_but_a_test_have_a_place_in_the_feed'),
        ),
    ]
