from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0003_clusters_and_nodes_remember_when_to_ask_again'),
    ]

    operations = [
        migrations.AddField(
            model_name='placement',
            name='stranger',
            field=models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='who is in its place'),
        ),
        migrations.AlterField(
            model_name='event',
            name='type',
            field=models.CharField(choices=[('vps.created', 'server created'), ('vps.updated', 'server changed'), ('vps.deleted', 'server deleted'), ('vps.bound', 'server bound to a guest'), ('vps.unbound', 'server unbound'), ('vps.status_changed', 'power seen to change'), ('vps.missing', 'guest gone from its cluster'), ('vps.mistaken', 'another guest found in its place'), ('vps.found', 'guest seen again'), ('operation.queued', 'operation queued'), ('operation.succeeded', 'operation succeeded'), ('operation.failed', 'operation failed')], max_length=40, verbose_name='type'),
        ),
    ]
