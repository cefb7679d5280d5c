"""Which guest is which VPS. Staff bind by hand (admin), workers by name and to take identities. No door waits for it."""

import logging
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction

from vps import notify, snapshots
from vps.errors import AlreadyBound, PlacementTaken
from vps.hypervisor.base import OBSERVED, Guest, GuestRef, HypervisorError, Kind, Look
from vps.models import Cluster, Event, Operation, Placement, Vps
from vps.models.locks import BINDING_BY_NAME, MOVING, turn, wait_for_turn
from vps.reach import Crowded, reach

log = logging.getLogger(__name__)

# Where a cluster has no slot free, it is asked again after so many seconds.
CROWDED_S = 2.0


def bind(vps: Vps, cluster: Cluster, *, kind: str, vmid: int, node: str, by: Any, source: str) -> Placement:
    """This VPS is that guest. Raises AlreadyBound, PlacementTaken."""
    try:
        with transaction.atomic():
            Vps.objects.locked([vps.pk])
            wait_for_turn(MOVING)
            placement: Placement = Placement.objects.create(vps=vps, cluster=cluster, kind=kind, vmid=vmid, node=node)
            where = {"cluster": cluster.name, "kind": kind, "vmid": vmid}
            Event.objects.record("vps.bound", vps, by=by, source=source, **where)
            notify.worker("identify", placement.pk)
            notify.pages(vps.pk, vps.user_id)
    except IntegrityError as error:
        is_bound = Placement.objects.filter(vps=vps).exists()
        raise (AlreadyBound if is_bound else PlacementTaken) from error
    return placement


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
    Event.objects.record("vps.unbound", vps, by=by, source=source, vmid=placement.vmid)
    if Vps.objects.forget_address(vps.pk, placement.learnt_address):
        Event.objects.record("vps.updated", vps, by=by, source=source, changed=["ip_address"])
    placement.delete()
    notify.pages(vps.pk, vps.user_id)


def suggestions(cluster: Cluster) -> list[dict[str, Any]] | None:
    """The cluster's guests as last heard, each with the VPS it is, or those that bear its name. None: not heard yet."""
    heard = snapshots.guests(cluster.pk)
    if heard is None:
        return None
    bound = {placement.vmid: placement.vps for placement in cluster.placements.select_related("vps__user")}
    unbound = list(Vps.objects.unbound().select_related("user"))
    for guest in heard:
        guest["vps"] = bound.get(guest["vmid"])
        guest["suggested"] = [vps for vps in unbound if vps.name == guest["name"]]
    return heard


# Workers


def bind_by_name() -> int:
    """Bind each unbound VPS whose name exactly one unbound guest bears, on all clusters together. Returns how many.

    A cluster that does not answer may hold a second guest of the name, so then nothing is bound.
    """
    with turn(BINDING_BY_NAME) as is_mine:
        wanted = list(Vps.objects.to_be_bound_by_name()) if is_mine else []
        return bind_all(wanted) if wanted else 0


def bind_all(wanted: list[Vps]) -> int:
    try:
        free = list(free_guests())
    except HypervisorError as error:
        log.warning("nothing is bound by name while a cluster is silent: %s", error.detail)
        return 0
    if nameless := [guest.ref for _, guest in free if not guest.name]:
        log.warning("nothing is bound by name while guests are listed without theirs: %s", nameless[:5])
        return 0
    return sum(bind_to(vps, cluster, guest) for vps, cluster, guest in matches(wanted, free))


def free_guests() -> Iterable[tuple[Cluster, Guest]]:
    """A node that is down takes the names of its guests out of the list."""
    bound = set(Placement.objects.values_list("cluster_id", "vmid"))
    for cluster in Cluster.objects.active():
        with reach(cluster) as hypervisor:
            guests = hypervisor.guests()
        for guest in guests:
            if not guest.is_template and (cluster.pk, guest.ref.vmid) not in bound:
                yield cluster, guest


def matches(wanted: list[Vps], free: list[tuple[Cluster, Guest]]) -> list[tuple[Vps, Cluster, Guest]]:
    """Pairs whose name stands once on either side: two of a name are for staff to tell apart."""
    names = Counter(vps.name for vps in wanted)
    bearers = Counter(guest.name for _, guest in free)
    by_name = {guest.name: (cluster, guest) for cluster, guest in free}
    return [(vps, *by_name[vps.name]) for vps in wanted if names[vps.name] == 1 and bearers[vps.name] == 1]


def bind_to(vps: Vps, cluster: Cluster, guest: Guest) -> bool:
    """Unless it was renamed, bound or deleted while the clusters were asked: another round will tell."""
    ref = guest.ref
    with transaction.atomic():
        now = Vps.objects.locked_one(vps.pk)
        if now is None or now.name != vps.name:
            return False
        try:
            bind(now, cluster, kind=ref.kind, vmid=ref.vmid, node=ref.node, by=None, source=Event.Source.SYSTEM)
        except (AlreadyBound, PlacementTaken) as error:
            log.info("%s is not bound to %s: %s", now, ref, error)
            return False
    return True


def identify(placement_id: int) -> None:
    """Take what tells this guest from others, once, and its power; later, see whether it is still the one.

    A cluster that is silent is asked again later.
    """
    placement = Placement.objects.select_related("vps", "cluster").filter(pk=placement_id).first()
    if placement is None:
        return
    ref = GuestRef(Kind(placement.kind), placement.vmid, placement.node)
    try:
        with reach(placement.cluster, for_operations=False) as hypervisor:
            look, identity = hypervisor.look(ref), hypervisor.identity(ref)
    except Crowded:
        notify.worker("identify", placement_id, after_seconds=CROWDED_S)
    except HypervisorError as error:
        log.warning("%s is not identified yet: %s", placement, error.detail)
    else:
        recognise(placement, look, identity)


@transaction.atomic
def recognise(placement: Placement, look: Look, identity: str) -> None:
    """Of a stranger nothing is taken but that it is one. Where an operation is open, power is its to tell.

    A server that was bound elsewhere while its guest was asked is told nothing of it.
    """
    locked = Vps.objects.locked_one(placement.vps_id)
    if locked is None or not Placement.objects.filter(pk=placement.pk).exists():
        return
    placement.vps = locked
    notify.pages(locked.pk, locked.user_id)
    if not placement.is_of(identity):
        Placement.objects.found_stranger(placement, identity)
        return
    Placement.objects.found_again(placement)
    if locked.operations.open().exists():
        return
    Placement.objects.looked(placement.pk, power=look.power, node=look.node)
    if look.power in OBSERVED:
        Vps.objects.observed([locked.pk], look.power)


def identify_rest(at_most: int = 20) -> None:
    """Some of those whose cluster did not answer when they were bound, or that were mistaken; never the same first."""
    for id in Placement.objects.to_identify().order_by("?").values_list("id", flat=True)[:at_most]:
        notify.worker("identify", id)
