"""Those that were unbound before the triggers came. What is bound meanwhile is left out by whoever reads."""

from django.db import migrations

KNOW = """
    INSERT INTO unbound_vps (vps_id)
    SELECT id FROM vps WHERE NOT EXISTS (SELECT FROM placements WHERE placements.vps_id = vps.id)
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("vps", "0045_unbound_servers_are_kept_apart")]

    operations = [migrations.RunSQL(KNOW, migrations.RunSQL.noop)]
