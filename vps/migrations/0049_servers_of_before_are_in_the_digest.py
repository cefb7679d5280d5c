"""What the digest lacks of what is held, by one picture of both, goes into its base: no writer waits, and none is missed."""

from django.db import migrations

COUNT = """
    WITH held AS (
        SELECT count(*) AS count, coalesce(sum(digest_number(hash)), 0) AS sum FROM (
            SELECT digest_hash(digest_line(
                vps.id, external_id, user_id, name, status, cpu, ram, disk, os, hypervisor
            )) AS hash
            FROM vps LEFT JOIN external_ids ON external_ids.vps_id = vps.id OFFSET 0
        ) AS hashes
    ),
    kept AS (SELECT sum(count) AS count, sum(sum) AS sum FROM digest_parts)
    UPDATE digest_parts SET
        count = digest_parts.count + held.count - kept.count,
        sum = digest_parts.sum + held.sum - kept.sum,
        checked_at = now()
    FROM held, kept WHERE is_base
"""


class Migration(migrations.Migration):
    dependencies = [("vps", "0048_external_ids_change_the_digest")]

    operations = [migrations.RunSQL(COUNT, migrations.RunSQL.noop)]
