"""Whose a guest is that has said who it is, and what is written of it: for the services binding and reconcile."""

from django.db import transaction

from vps.guests import Kind
from vps.marks import Marks
from vps.models.placement import Placement
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
