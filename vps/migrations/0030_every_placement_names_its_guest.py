"""Rows of before get the key of their guest, a thousand at a time: nobody waits for a whole table, and in no circle."""

import time

from django.db import migrations

TABLES = ("placements", "former_placements")
FILL = """
    UPDATE {table} SET guest = vmid::text WHERE id IN (
        SELECT id FROM {table} WHERE guest = '' ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED
    )
"""
LEFT = "SELECT 1 FROM {table} WHERE guest = '' LIMIT 1"


def fill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for table in TABLES:
            while is_left(cursor, table):
                cursor.execute(FILL.format(table=table))
                if not cursor.rowcount:
                    time.sleep(0.1)


def is_left(cursor, table):
    cursor.execute(LEFT.format(table=table))
    return cursor.fetchone() is not None


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("vps", "0029_placements_name_their_guest_by_the_drivers_key")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
