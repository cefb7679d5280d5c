"""Which guests were whose, so that no name gives one to another customer. A trigger writes it as a placement ends."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from vps.guests import LONGEST_KEY
from vps.marks import Marks, are_comparable, unique


class FormerPlacementQuerySet(models.QuerySet["FormerPlacement"]):
    def of_machine(self, cluster_ids: Iterable[int], key: str, marks: Marks) -> "FormerPlacementQuerySet":
        """Of this machine, by its marks, and of whatever stood under this key and has none that could be compared."""
        there = self.filter(cluster__in=list(cluster_ids), guest=key).only("marks")
        alike = [former.pk for former in there if not are_comparable(tuple(former.marks), marks)]
        return self.filter(models.Q(marks__overlap=list(unique(marks))) | models.Q(pk__in=alike))


class FormerPlacement(models.Model):
    """`user_id` owned the VPS when it ended."""

    cluster = models.ForeignKey("vps.Cluster", models.DO_NOTHING, db_constraint=False, related_name="+")
    kind = models.CharField(max_length=4)
    guest = models.CharField(max_length=LONGEST_KEY, db_default="")
    vmid = models.IntegerField(null=True)
    vps_id = models.IntegerField()
    user_id = models.IntegerField()
    marks = ArrayField(models.CharField(max_length=200), default=list, db_default=[])
    ended_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[Any] = FormerPlacementQuerySet.as_manager()

    class Meta:
        db_table = "former_placements"
        indexes = [
            models.Index(fields=["cluster", "guest"], name="former_placements_by_guest"),
            models.Index(fields=["vps_id"], name="former_placements_of_a_vps"),
            GinIndex(fields=["marks"], name="former_placements_by_mark"),
        ]

    def __str__(self) -> str:
        return f"VPS {self.vps_id} was {self.kind}/{self.guest}"
