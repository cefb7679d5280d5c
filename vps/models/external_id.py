"""The main site's own ids of our VPSs. Written by services.sync alone."""

from typing import Any, ClassVar

from django.db import connection, models

# In one order, so that two who claim the same ids wait for each other in no circle.
CLAIM = """
    INSERT INTO external_ids (external_id, vps_id)
    SELECT * FROM unnest(%s::text[], %s::int[]) AS asked (external_id, vps_id) ORDER BY 1
    ON CONFLICT DO NOTHING RETURNING external_id
"""

POINT = """
    UPDATE external_ids SET vps_id = given.vps_id
    FROM unnest(%s::text[], %s::int[]) AS given (external_id, vps_id)
    WHERE external_ids.external_id = given.external_id
"""


class ExternalIdQuerySet(models.QuerySet["ExternalId"]):
    def claim(self, asked: dict[str, int]) -> set[str]:
        """Give these ids to these VPSs, but for what is taken on either side. Returns the ids that were given.

        Whoever claims the same at the same time waits until this transaction ends.
        """
        if not asked:
            return set()
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, [list(asked), list(asked.values())])
            return {row[0] for row in cursor.fetchall()}

    def meaning(self, external_id: str) -> Any:
        """The id of the VPS that it means, as a query."""
        return self.filter(external_id=external_id).values("vps_id")

    def point(self, vps_ids: dict[str, int]) -> None:
        """Let these ids, which this transaction has claimed, mean these VPSs, which are locked and have none."""
        if vps_ids:
            with connection.cursor() as cursor:
                cursor.execute(POINT, [list(vps_ids), list(vps_ids.values())])


class ExternalId(models.Model):
    """A row outlives its VPS: an id of the main site means one VPS for ever, so that a late create brings nothing back."""

    external_id = models.CharField(max_length=191, primary_key=True)
    vps_id = models.IntegerField(unique=True)

    objects: ClassVar[Any] = ExternalIdQuerySet.as_manager()

    class Meta:
        db_table = "external_ids"

    def __str__(self) -> str:
        return f"{self.external_id}: VPS {self.vps_id}"
