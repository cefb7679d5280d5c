"""What is kept of a VPS that is deleted, so that a late retry is answered and nothing comes back. services.sync writes it."""

import json
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Now

from vps.models.former_placement import FormerPlacement
from web.rows import array, insertion
from web.statements import Statement


class TombstoneQuerySet(models.QuerySet["Tombstone"]):
    def insertion(self, rows: dict[int, dict[str, Any]]) -> Statement:
        """By the id of the VPS, whose row is locked."""
        return insertion(Tombstone, ("vps_id", "row"), rows.items())

    def reading(self, vps_ids: Iterable[int], read: Callable[[dict[int, dict[str, Any]]], object]) -> Statement:
        """`read` is given the rows of those of these VPSs that are deleted, by their ids."""
        text = "SELECT vps_id, row FROM vps_tombstones WHERE vps_id = ANY(%s::int[])"
        return Statement(text, [array(vps_ids)], lambda found: read({id: json.loads(row) for id, row in found}))

    def of(self, vps_id: int, user: Any) -> "TombstoneQuerySet":
        """Of this VPS, where it was this user's."""
        return self.filter(vps_id=vps_id, row__user_id=user.pk)

    def never_bound(self) -> "TombstoneQuerySet":
        """Of VPSs that were bound to no guest as long as they were."""
        return self.filter(~models.Exists(FormerPlacement.objects.filter(vps_id=models.OuterRef("vps_id"))))

    def of_others(self, name: str, user_id: int) -> "TombstoneQuerySet":
        """Of this name, and not of this user."""
        return self.alias(name=KT("row__name")).filter(name=name).exclude(row__user_id=user_id)


class Tombstone(models.Model):
    """`row` is the VPS as it was when it was deleted, every column of the table, as the API shows it."""

    vps_id = models.IntegerField(primary_key=True)
    row = models.JSONField()
    deleted_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[Any] = TombstoneQuerySet.as_manager()

    class Meta:
        db_table = "vps_tombstones"
        indexes = [models.Index(KT("row__name"), name="tombstones_by_name")]

    def __str__(self) -> str:
        return f"VPS {self.vps_id}, deleted"
