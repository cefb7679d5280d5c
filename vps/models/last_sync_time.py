"""The `occurred_at` of the newest sync command on a VPS: an older command changes nothing. Written by services.sync alone."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import connection, models

KEEP = """
    INSERT INTO newest_words (vps_id, occurred_at) SELECT * FROM unnest(%s::int[], %s::timestamptz[])
    ON CONFLICT (vps_id) DO UPDATE SET occurred_at = excluded.occurred_at
"""


class LastSyncTimeQuerySet(models.QuerySet["LastSyncTime"]):
    def keep(self, times: dict[int, datetime]) -> None:
        """By the id of the VPS, whose row is locked."""
        if times:
            with connection.cursor() as cursor:
                cursor.execute(KEEP, [list(times), list(times.values())])


class LastSyncTime(models.Model):
    vps_id = models.IntegerField(primary_key=True)
    occurred_at = models.DateTimeField()

    objects: ClassVar[Any] = LastSyncTimeQuerySet.as_manager()

    class Meta:
        db_table = "newest_words"

    def __str__(self) -> str:
        return f"VPS {self.vps_id}: {self.occurred_at}"
