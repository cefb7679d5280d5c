from django.db import migrations

# Until now the events alone say who said an address: the panel tells of no other change by itself.
LEARNT = """
    UPDATE placements SET learnt_address = vps.ip_address
    FROM vps, (
        SELECT DISTINCT ON (vps_id) vps_id, source FROM events
        WHERE type = 'vps.updated' AND data -> 'changed' ? 'ip_address'
        ORDER BY vps_id, id DESC
    ) AS last
    WHERE placements.vps_id = vps.id AND last.vps_id = vps.id AND last.source = 'system' AND vps.ip_address IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("vps", "0019_placements_remember_the_address_that_was_learnt"),
    ]

    operations = [
        migrations.RunSQL(LEARNT, migrations.RunSQL.noop),
    ]
