"""Of what is suspended already the event that told of it says when; why, nobody has told."""

from django.db import migrations

FILL = """
    INSERT INTO suspensions (vps_id, since)
    SELECT vps.id, (
        SELECT max(created_at) FROM events
        WHERE vps_id = vps.id
            AND (type = 'vps.created' OR (type = 'vps.updated' AND data -> 'changed' @> '"status"'))
    )
    FROM vps WHERE status = 'suspended'
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("vps", "0036_a_suspension_says_why")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
