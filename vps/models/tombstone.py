"""That a VPS was, and is deleted: so that a late retry is told the truth and nothing comes back. Written by services.sync."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now


class Tombstone(models.Model):
    """`row` is the VPS as it was when it was deleted, every column of the table, as the API shows it."""

    vps_id = models.IntegerField(primary_key=True)
    row = models.JSONField()
    deleted_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        db_table = "vps_tombstones"

    def __str__(self) -> str:
        return f"VPS {self.vps_id}, deleted"
