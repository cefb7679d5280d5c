"""Which guest is which VPS. Staff bind by hand (admin), `by_name` by name, workers take identities. No door waits for it."""

import logging
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from vps import notify, observations
from vps.db.locks import MOVING, lock_until_commit
from vps.errors import AlreadyBound, HypervisorMismatch, PlacementTaken
from vps.guests import GuestRef
from vps.marks import Marks
from vps.models import Cluster, Event, FormerPlacement, Operation, Placement, Vps
from vps.models.placement import guest_facts
from web.errors import Sentence

log = logging.getLogger(__name__)

# Where a cluster has no slot free, it is asked again after so many seconds.
CROWDED_S = 2.0

MB = 1024**2


def bind(vps: Vps, cluster: Cluster, ref: GuestRef, *, by: Any, source: str, marks: Marks = ()) -> Placement:
    """This VPS is that guest, whose marks are taken where they are known already.

    Raises HypervisorMismatch, AlreadyBound, PlacementTaken.
    """
    try:
        with transaction.atomic():
            Vps.objects.locked([vps.pk])
            lock_until_commit(MOVING)
            refuse_mismatch(vps, cluster)
            refuse_bound(vps, cluster, ref.key)
            placement = Placement.of(vps.pk, cluster, ref)
            placement.vps = vps
            placement.save(force_insert=True)
            if marks and not placement.claim(marks):
                raise PlacementTaken
            Event.objects.record("vps.bound", vps, by=by, source=source, **placement.facts)
            notify.worker("identify", placement.pk)
    except IntegrityError as error:
        is_bound = Placement.objects.filter(vps=vps).exists()
        raise (AlreadyBound if is_bound else PlacementTaken) from error
    return placement


def refuse_mismatch(vps: Vps, cluster: Cluster) -> None:
    """By the row as it is now, which is locked. Raises HypervisorMismatch."""
    if Vps.objects.filter(pk=vps.pk).exclude(hypervisor=cluster.hypervisor).exists():
        raise HypervisorMismatch


def refuse_bound(vps: Vps, cluster: Cluster, key: str) -> None:
    """One guest has one server, by whatever entry of its cluster it is reached. Raises AlreadyBound, PlacementTaken."""
    if Placement.objects.filter(vps=vps).exists():
        raise AlreadyBound
    if Placement.objects.filter(cluster__in=cluster.twins(), guest=key).exists():
        raise PlacementTaken


@transaction.atomic
def unbind(vps: Vps, *, by: Any, source: str) -> None:
    """This VPS is no guest that we know. What was running goes on running; an open operation ends as vps_unbound.

    It is bound by its name no more: whoever unbinds one says that the name misleads.
    """
    Vps.objects.locked([vps.pk])
    placement = Placement.objects.filter(vps=vps).first()
    if placement is None:
        return
    Operation.objects.cut_off([vps.pk], "vps_unbound")
    Event.objects.record("vps.unbound", vps, by=by, source=source, **guest_facts(placement.guest))
    if Vps.objects.forget_address(vps.pk, placement.learnt_address):
        Event.objects.record("vps.updated", vps, by=by, source=source, changed=["ip_address"])
    placement.delete()


def suggestions(cluster: Cluster) -> list[dict[str, Any]] | None:
    """The cluster's guests as last heard, each with the VPS it is, or those that bear its name. None: not heard yet."""
    listed = observations.guests(cluster.pk)
    if listed is None:
        return None
    rows = Placement.objects.filter(cluster__in=cluster.twins()).select_related("vps__user")
    bound = {placement.guest: placement.vps for placement in rows}
    unbound = list(Vps.objects.unbound_on(cluster.hypervisor).select_related("user", "why_unbound"))
    for guest in listed:
        guest["vps"] = bound.get(guest["guest"])
        guest["suggested"] = [vps for vps in unbound if vps.name == guest["name"]]
    return listed


def objections(vps: Vps, cluster: Cluster, guest: dict[str, Any]) -> list[Sentence]:
    """What speaks against that this guest, one of `suggestions`, is this VPS's: for staff, who may know better."""
    former = FormerPlacement.objects.of_machine(cluster.twins(), guest["guest"], ())
    was_anothers = former.exclude(user_id=vps.user_id).exists()
    sold = {"cores": vps.cpu, "ram": vps.ram * MB}
    is_other_size = any(guest.get(name) not in (None, size) for name, size in sold.items())
    objected = {
        _("The guest has other cores or memory than were sold."): is_other_size,
        _("Another customer had a guest of this number on this cluster."): was_anothers,
    }
    return [sentence for sentence, is_so in objected.items() if is_so]
