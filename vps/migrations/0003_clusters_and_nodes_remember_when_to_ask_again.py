import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0002_operations_remember_spent_tasks'),
    ]

    operations = [
        migrations.AddField(
            model_name='cluster',
            name='retry_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='asked again at'),
        ),
        migrations.CreateModel(
            name='ClusterNode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unreachable_since', models.DateTimeField(editable=False, null=True, verbose_name='unreachable since')),
                ('failures', models.IntegerField(db_default=0, default=0, editable=False, verbose_name='failures in a row')),
                ('failure', models.CharField(blank=True, db_default='', default='', editable=False, max_length=500, verbose_name='why')),
                ('retry_at', models.DateTimeField(editable=False, null=True, verbose_name='asked again at')),
                ('name', models.CharField(max_length=63, verbose_name='node')),
                ('cluster', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='nodes', to='vps.cluster', verbose_name='cluster')),
            ],
            options={
                'verbose_name': 'node',
                'verbose_name_plural': 'nodes',
                'db_table': 'cluster_nodes',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('cluster', 'name'), name='a_node_of_a_cluster_is_one_row')],
            },
        ),
    ]
