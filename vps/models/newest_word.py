"""When what the main site said last of a VPS occurred there: an older word changes nothing. Written by services.sync alone."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import connection, models

REMEMBER = """
    INSERT INTO newest_words (vps_id, occurred_at) SELECT * FROM unnest(%s::int[], %s::timestamptz[])
    ON CONFLICT (vps_id) DO UPDATE SET occurred_at = excluded.occurred_at
"""


class NewestWordQuerySet(models.QuerySet["NewestWord"]):
    def remember(self, newest: dict[int, datetime]) -> None:
        """By VPS, whose rows are locked."""
        if newest:
            with connection.cursor() as cursor:
                cursor.execute(REMEMBER, [list(newest), list(newest.values())])


class NewestWord(models.Model):
    vps_id = models.IntegerField(primary_key=True)
    occurred_at = models.DateTimeField()

    objects: ClassVar[Any] = NewestWordQuerySet.as_manager()

    class Meta:
        db_table = "newest_words"

    def __str__(self) -> str:
        return f"VPS {self.vps_id}: {self.occurred_at}"
