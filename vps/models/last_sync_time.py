"""The `occurred_at` of the newest sync command on a VPS: an older command changes nothing. Written by services.sync alone."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from web.rows import array, upsertion
from web.statements import Found, Statement


class LastSyncTimeQuerySet(models.QuerySet["LastSyncTime"]):
    def keeping(self, times: dict[int, datetime]) -> Statement:
        """By the id of the VPS, whose row is locked."""
        return upsertion(LastSyncTime, ("vps_id", "occurred_at"), times.items())

    def reading(self, vps_ids: Iterable[int], read: Callable[[Found], object]) -> Statement:
        """Finds (vps_id, occurred_at) of those that have one."""
        text = "SELECT vps_id, occurred_at FROM newest_words WHERE vps_id = ANY(%s::int[])"
        return Statement(text, [array(vps_ids)], read)


class LastSyncTime(models.Model):
    vps_id = models.IntegerField(primary_key=True)
    occurred_at = models.DateTimeField()

    objects: ClassVar[Any] = LastSyncTimeQuerySet.as_manager()

    class Meta:
        db_table = "newest_words"

    def __str__(self) -> str:
        return f"VPS {self.vps_id}: {self.occurred_at}"
