"""Why a server is suspended, and what becomes of its power meanwhile."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


GOES_WITH_ITS_VPS = """
    ALTER TABLE suspensions ADD CONSTRAINT a_suspension_goes_with_its_vps
    FOREIGN KEY (vps_id) REFERENCES vps (id) ON DELETE CASCADE
"""


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0035_a_guest_in_anothers_place_is_a_mismatch'),
    ]

    operations = [
        migrations.CreateModel(
            name='Suspension',
            fields=[
                ('vps', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='suspension', serialize=False, to='vps.vps')),
                ('reason', models.CharField(blank=True, choices=[('unpaid', 'unpaid'), ('abuse', 'rules broken'), ('staff', 'decided by our staff'), ('other', 'another reason')], db_default='', default='', max_length=10, verbose_name='reason')),
                ('message', models.CharField(blank=True, db_default='', default='', max_length=500, verbose_name='what the customer reads')),
                ('pay_url', models.CharField(blank=True, db_default='', default='', max_length=2000, verbose_name='where to pay')),
                ('power', models.CharField(choices=[('keep', 'left as it is'), ('stop', 'stopped')], db_default='keep', default='keep', max_length=4, verbose_name='power meanwhile')),
                ('since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), null=True, verbose_name='suspended since')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ('power_before', models.CharField(blank=True, db_default='', default='', max_length=7, verbose_name='power before')),
                ('has_stopped', models.BooleanField(db_default=False, default=False, verbose_name='stopped by the panel')),
                ('tries', models.IntegerField(db_default=0, default=0, verbose_name='tries')),
                ('next_try_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='next try')),
            ],
            options={
                'verbose_name': 'suspension',
                'verbose_name_plural': 'suspensions',
                'db_table': 'suspensions',
                'constraints': [models.CheckConstraint(condition=models.Q(('reason__in', ['', 'unpaid', 'abuse', 'staff', 'other'])), name='suspension_reason_is_known'), models.CheckConstraint(condition=models.Q(('power__in', ['keep', 'stop'])), name='suspension_power_is_known'), models.CheckConstraint(condition=models.Q(('power_before__in', ['', 'running', 'stopped'])), name='suspension_power_before_is_known'), models.CheckConstraint(condition=models.Q(('pay_url', ''), ('pay_url__startswith', 'https://'), _connector='OR'), name='suspension_is_paid_over_https')],
            },
        ),
        migrations.RunSQL(GOES_WITH_ITS_VPS, migrations.RunSQL.noop),
    ]
