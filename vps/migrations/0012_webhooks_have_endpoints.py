import django.contrib.postgres.fields
import django.db.models.functions.datetime
import vps.db.encrypted
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0011_sync_calls_are_remembered'),
    ]

    operations = [
        migrations.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('unreachable_since', models.DateTimeField(editable=False, null=True, verbose_name='unreachable since')),
                ('failures', models.IntegerField(db_default=0, default=0, editable=False, verbose_name='failures in a row')),
                ('failure', models.CharField(blank=True, db_default='', default='', editable=False, max_length=500, verbose_name='why')),
                ('retry_at', models.DateTimeField(editable=False, null=True, verbose_name='asked again at')),
                ('id', models.AutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=63, unique=True, verbose_name='name')),
                ('url', models.CharField(max_length=2000, verbose_name='address')),
                ('types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None, verbose_name='events')),
                ('secret', vps.db.encrypted.EncryptedTextField(editable=False, verbose_name='secret')),
                ('secret_shown_at', models.DateTimeField(editable=False, null=True, verbose_name='secret shown')),
                ('previous_secret', vps.db.encrypted.EncryptedTextField(blank=True, db_default='', default='', editable=False, verbose_name='secret before')),
                ('previous_until', models.DateTimeField(editable=False, null=True, verbose_name='secret before holds until')),
                ('is_active', models.BooleanField(db_default=True, default=True, editable=False, verbose_name='in use')),
                ('disabled_why', models.CharField(blank=True, choices=[('gone', 'it answered 410 Gone'), ('staff', 'by staff')], db_default='', default='', editable=False, max_length=10, verbose_name='why disabled')),
                ('disabled_at', models.DateTimeField(editable=False, null=True, verbose_name='disabled')),
                ('cursor', models.BigIntegerField(editable=False, verbose_name='taken up to event')),
                ('succeeded_at', models.DateTimeField(editable=False, null=True, verbose_name='last success')),
                ('failed_last', models.BigIntegerField(editable=False, null=True)),
                ('failed_at', models.DateTimeField(editable=False, null=True, verbose_name='last failure')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='created')),
            ],
            options={
                'verbose_name': 'webhook endpoint',
                'verbose_name_plural': 'webhook endpoints',
                'db_table': 'webhook_endpoints',
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('disabled_at', None), ('disabled_why', ''), ('is_active', True)), models.Q(('disabled_at__isnull', False), ('disabled_why__in', ['gone', 'staff']), ('is_active', False)), _connector='OR'), name='a_disabled_endpoint_says_when_and_why'), models.CheckConstraint(condition=models.Q(models.Q(('previous_secret', ''), ('previous_until', None)), models.Q(models.Q(('previous_secret', ''), _negated=True), ('previous_until__isnull', False)), _connector='OR'), name='a_secret_before_says_until_when'), models.CheckConstraint(condition=models.Q(('secret', ''), _negated=True), name='an_endpoint_has_a_secret')],
            },
        ),
    ]
