"""How something ended is kept for whoever started it, until they have seen it."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

GOES_WITH_ITS_USER = """
    ALTER TABLE notices ADD CONSTRAINT a_notice_goes_with_its_user
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
"""


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0037_what_is_suspended_says_since_when'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('vps_name', models.CharField(max_length=255)),
                ('kind', models.CharField(db_default='', default='', max_length=10)),
                ('is_forced', models.BooleanField(db_default=False, default=False)),
                ('outcome', models.CharField(choices=[('done', 'Done'), ('failed', 'Failed'), ('overtaken', 'Overtaken'), ('deleted', 'Deleted')], max_length=10)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('seen_at', models.DateTimeField(null=True)),
                ('operation', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='notices', to='vps.operation')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='notices', to=settings.AUTH_USER_MODEL)),
                ('vps', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='notices', to='vps.vps')),
            ],
            options={
                'db_table': 'notices',
                'indexes': [models.Index(condition=models.Q(('seen_at', None)), fields=['user', '-id'], name='unseen_notices_of_a_user'), models.Index(condition=models.Q(('seen_at', None)), fields=['vps', 'user'], name='unseen_notices_of_a_vps')],
                'constraints': [models.UniqueConstraint(fields=('user', 'operation'), name='one_notice_an_operation_and_user'), models.UniqueConstraint(condition=models.Q(('outcome', 'deleted')), fields=('vps', 'user'), name='a_deletion_is_told_once'), models.CheckConstraint(condition=models.Q(models.Q(('operation', None), ('outcome', 'deleted')), models.Q(('operation__isnull', False), ('outcome__in', ['done', 'failed', 'overtaken'])), _connector='OR'), name='a_notice_is_of_an_operation_or_a_deletion')],
            },
        ),
        migrations.RunSQL(GOES_WITH_ITS_USER, migrations.RunSQL.noop),
    ]
