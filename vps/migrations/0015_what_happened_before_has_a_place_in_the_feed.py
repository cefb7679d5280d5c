"""What a panel has written for years is settled once, a part at a time: no reader, and no new webhook endpoint, finds it
unsettled. What is committed meanwhile is settled by whoever reads, one at a time by the same lock. PostgreSQL is told that
hardly anything is unsettled now: else it looks for what is by reading the whole table.
"""

from django.db import migrations, transaction

WAIT_FOR_TURN = 'SELECT pg_advisory_xact_lock(%s, 0)'
ASSIGNING_POSITIONS = 0x6F06
ASSIGN_POSITIONS = """
    UPDATE events SET position = last.position + fresh.place
    FROM (
        SELECT id, row_number() OVER (ORDER BY id) AS place
        FROM (SELECT id FROM events WHERE position IS NULL ORDER BY id LIMIT 10000) AS unsettled
    ) AS fresh, (SELECT coalesce(max(position), 0) AS position FROM events) AS last
    WHERE events.id = fresh.id
"""


def settle_all(apps, editor):
    while settle_some(editor.connection):
        pass
    with editor.connection.cursor() as cursor:
        cursor.execute('ANALYZE events')


def settle_some(connection):
    with transaction.atomic(connection.alias), connection.cursor() as cursor:
        cursor.execute(WAIT_FOR_TURN, [ASSIGNING_POSITIONS])
        cursor.execute(ASSIGN_POSITIONS)
        return cursor.rowcount


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('vps', '0014_tries_to_deliver_are_kept'),
    ]

    operations = [migrations.RunPython(settle_all, migrations.RunPython.noop)]
