"""The main site's own ids of our VPSs. Written by services.sync alone."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.db import models

from web.rows import array
from web.statements import Found, Statement

# Claimed in one order, so that two who claim the same wait for each other in no circle; but ids are given out in the order
# of the commands, and to none that means something already: each is looked up by itself, for a plan that serves any number
# of them would read the whole table.
CLAIM = """
    INSERT INTO external_ids (external_id, vps_id)
    SELECT * FROM (
        SELECT external_id, nextval('vps_id_seq') FROM (
            SELECT external_id FROM unnest(%s::text[]) WITH ORDINALITY AS asked (external_id, number)
            WHERE (SELECT vps_id FROM external_ids AS known WHERE known.external_id = asked.external_id) IS NULL
            ORDER BY number
        ) AS unknown
    ) AS fresh ORDER BY 1
    ON CONFLICT DO NOTHING RETURNING external_id, vps_id
"""
MEANINGS = "SELECT external_id, vps_id FROM external_ids WHERE external_id = ANY(%s::text[])"
NAMES = "SELECT vps_id, external_id FROM external_ids WHERE vps_id = ANY(%s::int[])"
FREE = "DELETE FROM external_ids WHERE external_id = ANY(%s::text[])"
POINT = """
    UPDATE external_ids SET vps_id = given.vps_id
    FROM unnest(%s::text[], %s::int[]) AS given (external_id, vps_id)
    WHERE external_ids.external_id = given.external_id
"""


class ExternalIdQuerySet(models.QuerySet["ExternalId"]):
    def claiming(self, asked: Iterable[str], read: Callable[[Found], object]) -> Statement:
        """Give each of these, but for those that are taken, to a VPS that is not made yet, and whose id is taken for it. Finds
        (external_id, vps_id) of those that were given.

        Whoever claims the same at the same time waits until this transaction ends.
        """
        return Statement(CLAIM, [array(asked)], read)

    def meanings(self, asked: Iterable[str], read: Callable[[Found], object]) -> Statement:
        """Finds (external_id, vps_id) of those that mean a VPS."""
        return Statement(MEANINGS, [array(asked)], read)

    def names_of(self, vps_ids: Iterable[int], read: Callable[[Found], object]) -> Statement:
        """Finds (vps_id, external_id) of those that have one."""
        return Statement(NAMES, [array(vps_ids)], read)

    def freeing(self, unused: Iterable[str]) -> Statement:
        """Of what this transaction has claimed."""
        return Statement(FREE, [array(unused)])

    def pointing(self, vps_ids: dict[str, int]) -> Statement:
        """Let these ids, which this transaction has claimed, mean these VPSs, which are locked and have none."""
        return Statement(POINT, [array(vps_ids), array(vps_ids.values())])

    def meaning(self, external_id: str) -> Any:
        """The id of the VPS that it means, as a query."""
        return self.filter(external_id=external_id).values("vps_id")


class ExternalId(models.Model):
    """A row outlives its VPS: an id of the main site means one VPS for ever, so that a late create brings nothing back."""

    external_id = models.CharField(max_length=191, primary_key=True)
    vps_id = models.IntegerField(unique=True)

    objects: ClassVar[Any] = ExternalIdQuerySet.as_manager()

    class Meta:
        db_table = "external_ids"

    def __str__(self) -> str:
        return f"{self.external_id}: VPS {self.vps_id}"
