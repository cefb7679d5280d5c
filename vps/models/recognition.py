"""Whose a guest is that has said who it is, and what is written of it: for the services binding and reconcile."""

from collections.abc import Collection

from django.db import transaction
from django.db.models.functions import Now

from vps.guests import Kind
from vps.marks import Marks, identity
from vps.models.placement import LONGEST_NAME, Placement
from vps.models.vps import Vps


@transaction.atomic
def recognise(
    placement: Placement, marks: Marks, *, kind: Kind | None = None, power: str = "", node: str = ""
) -> Vps | None:
    """Its VPS, whose row is locked, where the guest is its own; of another nothing is taken but that it is one.

    `kind` is given where the list tells of another than was bound, and `power`, what its own status says, where that was
    asked for. Where an operation is open, power is the operation's to tell. A server that was bound elsewhere while its
    guest was asked is told nothing of it.
    """
    vps = Vps.objects.locked_one(placement.vps_id)
    if vps is None or not Placement.objects.filter(pk=placement.pk).exists():
        return None
    placement.vps = vps
    if kind not in (None, placement.ref.kind) or not placement.claim(marks):
        placement.record_mismatch(marks)
        return None
    placement.record_found()
    if power and not vps.operations.open().exists():
        placement.see(power=power, node=node)
        if power in Vps.OBSERVED:
            Vps.objects.observed([vps.pk], power)
    return vps


def is_as_known(placement: Placement, marks: Marks) -> bool:
    """Whether it is known by these marks and no others, so that nothing is to be written but when it said so: what is unique
    of them is no other placement's then, by a constraint. Its row and its marks may have been read before it was asked."""
    is_itself = placement.is_certain and not placement.identity_mismatch
    kept = {row.mark for row in placement.marks.all()} if is_itself else set()
    return bool(kept) and kept == set(marks) and placement.identity == identity(marks)[:LONGEST_NAME]


def record_as_known(placement_ids: Collection[int]) -> None:
    """These have said just now who they are. One that came into doubt meanwhile, or was bound anew, has not."""
    are_certain = {"identity_mismatch": "", "missing_since": None, "doubted_since": None}
    Placement.objects.filter(pk__in=placement_ids, **are_certain).update(identified_at=Now())
