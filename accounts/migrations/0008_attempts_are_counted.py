import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_a_trigger_finds_its_table_wherever_it_is_called_from'),
    ]

    operations = [
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
                'indexes': [models.Index(fields=['ends_at'], name='limit_counts_by_end')],
                'constraints': [models.CheckConstraint(condition=models.Q(('count__gte', 0)), name='nothing_is_counted_below_zero')],
            },
        ),
        migrations.CreateModel(
            name='KnownNetwork',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('network', models.CharField(max_length=43)),
                ('used_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='known_networks', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'known_networks',
                'indexes': [models.Index(fields=['used_at'], name='known_networks_by_use')],
                'constraints': [models.UniqueConstraint(fields=('user', 'network'), name='a_network_is_known_once_to_a_user')],
            },
        ),
    ]
