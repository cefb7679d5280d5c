"""The marks by which the guest of a placement is known (vps.marks). Written by `Placement.claim` alone.

That one machine has one placement, through whatever cluster row it is seen, is a constraint of this table.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import connection, models, transaction

from vps.marks import LONGEST, Marks

ADD = """
    INSERT INTO placement_marks (placement_id, mark) SELECT %s, mark FROM unnest(%s::text[]) AS found (mark) ORDER BY mark
    ON CONFLICT DO NOTHING
"""


class PlacementMarkQuerySet(models.QuerySet["PlacementMark"]):
    def known(self, placement_id: int) -> Marks:
        return tuple(self.filter(placement=placement_id).order_by("id").values_list("mark", flat=True))

    def taken(self, marks: Iterable[str], *, but_by: int | None = None) -> bool:
        """Whether another placement's machine has one of these marks, which no two machines share."""
        return self.filter(mark__in=list(marks)).exclude(placement=but_by).exists()

    def claim(self, placement_id: int, known: Marks, marks: Marks, decisive: Marks) -> bool:
        """These are its marks from now on, but for those that are another's. False, with nothing written, where one of
        the decisive ones is: who claims the same at the same time waits, and sees it then. Nor has a placement that has
        ended meanwhile any marks."""
        if set(known) == set(marks):
            return not self.taken(decisive, but_by=placement_id)
        with transaction.atomic():
            if not self.is_kept(placement_id):
                return False
            self.filter(placement=placement_id).exclude(mark__in=marks).delete()
            with connection.cursor() as cursor:
                cursor.execute(ADD, [placement_id, list(marks)])
            is_ours = not self.taken(decisive, but_by=placement_id)
            transaction.set_rollback(not is_ours)
        return is_ours

    def is_kept(self, placement_id: int) -> bool:
        """Whether the placement is there, and stays until this transaction ends."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM placements WHERE id = %s FOR KEY SHARE", [placement_id])
            return cursor.fetchone() is not None


class PlacementMark(models.Model):
    """It goes with its placement by the database's own word, so that whoever ends one is told of nothing."""

    placement = models.ForeignKey("vps.Placement", models.DO_NOTHING, db_constraint=False, related_name="marks")
    mark = models.CharField(max_length=LONGEST)

    objects: ClassVar[Any] = PlacementMarkQuerySet.as_manager()

    class Meta:
        db_table = "placement_marks"
        constraints = [
            models.UniqueConstraint(
                fields=["mark"],
                condition=models.Q(mark__startswith="uuid:") | models.Q(mark__startswith="mac:"),
                name="a_machine_has_one_placement",
            ),
            models.UniqueConstraint(fields=["placement", "mark"], name="a_mark_of_a_placement_is_one_row"),
        ]

    def __str__(self) -> str:
        return self.mark
