"""What the main site says of a VPS beside its columns: its own id for it, and when. Written by services.sync alone."""

from typing import Any, ClassVar

from django.db import models


class SyncState(models.Model):
    """A row outlives its VPS: an id of the main site means one VPS for ever.

    `newest_at` is the `occurred_at` of the newest word that was applied; an older one changes nothing any more.
    """

    vps_id = models.IntegerField(primary_key=True)
    external_id = models.CharField(max_length=191, null=True)  # noqa: DJ001  many have none, and none are equal
    newest_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        db_table = "vps_sync"
        constraints = [
            models.UniqueConstraint(fields=["external_id"], name="an_external_id_means_one_vps"),
            models.CheckConstraint(
                condition=models.Q(external_id__isnull=False) | models.Q(newest_at__isnull=False),
                name="vps_sync_says_something",
            ),
        ]

    def __str__(self) -> str:
        return f"VPS {self.vps_id}, there {self.external_id}"
