"""Mails wait to be sent."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_a_mail_brings_a_link'),
    ]

    operations = [
        migrations.CreateModel(
            name='Mail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(max_length=40, verbose_name='purpose')),
                ('login', models.CharField(db_default='', default='', max_length=254, verbose_name='login')),
                ('address', models.CharField(db_default='', default='', max_length=254, verbose_name='address')),
                ('facts', models.JSONField(db_default={}, default=dict)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='asked for')),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='next try')),
                ('tries', models.IntegerField(db_default=0, default=0, verbose_name='tries')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='sent at')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ('problem', models.CharField(db_default='', default='', max_length=500, verbose_name='problem')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='mails', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'mail',
                'verbose_name_plural': 'mails',
                'db_table': 'mails',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('ended_at', None)), fields=['due_at', 'id'], name='mails_waiting_by_time'), models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['ended_at'], name='mails_ended_by_time')],
                'constraints': [models.CheckConstraint(condition=models.Q(('sent_at', None), ('ended_at__isnull', False), _connector='OR'), name='a_mail_that_was_sent_has_ended')],
            },
        ),
    ]
