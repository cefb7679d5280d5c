"""Make what we show what is: one call a cluster, only what changed is written. The clock and "Test connection" call it.

It never creates or deletes a VPS, and never moves one out of creating, suspended or error.
"""

import logging
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from vps import notify, snapshots
from vps.hypervisor import Hypervisor
from vps.hypervisor.base import Guest, HypervisorError, Power
from vps.models import Cluster, Event, Operation, Placement, Vps
from vps.models.locks import RECONCILE_OF_CLUSTER, turn
from vps.reach import reach
from vps.services.reconcile.compare import Change, Known, changes, doubtful
from vps.services.reconcile.usage import usage_now

log = logging.getLogger(__name__)


def reconcile(cluster_id: int) -> int:
    """Hear one cluster out. Returns the number of placements that changed; a cluster that is silent is marked so."""
    cluster = Cluster.objects.filter(pk=cluster_id).first()
    if cluster is None:
        return 0
    with turn(RECONCILE_OF_CLUSTER, cluster.pk) as is_mine:
        return hear_out(cluster) if is_mine else 0


def hear_out(cluster: Cluster) -> int:
    try:
        with reach(cluster) as hypervisor:
            return take_in(cluster, hypervisor)
    except HypervisorError as error:
        log.info("%s was not heard: %s", cluster, error.detail)
        return 0


def take_in(cluster: Cluster, hypervisor: Hypervisor) -> int:
    """What we know is read before the list is: a guest that is bound meanwhile may be newer than the list."""
    known = list(known_of(cluster))
    by_vmid = {guest.ref.vmid: guest for guest in hear(cluster, hypervisor)}
    for row in doubtful(known, by_vmid, timezone.now()):
        by_vmid[row.vmid] = look_again(hypervisor, by_vmid[row.vmid])
    found = list(changes(known, by_vmid))
    count = learn(cluster, found) if found else 0
    Cluster.objects.heard_out(cluster.pk)
    remember(cluster, by_vmid, {row.vps_id: by_vmid[row.vmid] for row in known if is_there(row, by_vmid)})
    return count


def is_there(row: Known, by_vmid: dict[int, Guest]) -> bool:
    return row.vmid in by_vmid and by_vmid[row.vmid].ref.kind == row.kind


def hear(cluster: Cluster, hypervisor: Hypervisor) -> list[Guest]:
    if not cluster.is_fresh(timezone.now()) or not cluster.version:
        Cluster.objects.filter(pk=cluster.pk).update(version=hypervisor.version())
    return hypervisor.guests()


def look_again(hypervisor: Hypervisor, guest: Guest) -> Guest:
    """A guest whose node does not answer is not known, whatever the list remembers."""
    try:
        return replace(guest, power=hypervisor.look(guest.ref).power)
    except HypervisorError as error:
        log.info("%s does not answer: %s", guest.ref, error.detail)
        return replace(guest, power=Power.UNKNOWN)


@transaction.atomic
def learn(cluster: Cluster, found: list[Change]) -> int:
    """What somebody else has written since we asked, an operation say, is newer than our list: it is left alone."""
    Vps.objects.locked(change.known.vps_id for change in found)
    now = {row.placement_id: row for row in known_of(cluster, [change.known.placement_id for change in found])}
    still = [change for change in found if now.get(change.known.placement_id) == change.known]
    write(still)
    return len(still)


def known_of(cluster: Cluster, placement_ids: list[int] | None = None) -> Iterator[Known]:
    """All of the cluster's, or these, but for the mistaken: what the list tells of their vmid is a stranger's."""
    is_busy = Exists(Operation.objects.open().filter(vps=OuterRef("vps_id")))
    these = {} if placement_ids is None else {"pk__in": placement_ids}
    rows = Placement.objects.filter(cluster=cluster, stranger="", **these).values_list(
        "id",
        "vps_id",
        "vps__user_id",
        "kind",
        "vmid",
        "node",
        "power",
        "power_since",
        "vps__status",
        "looked_at",
        "missing_since",
        is_busy,
    )
    return (Known(*row) for row in rows)


def write(found: list[Change]) -> None:
    if not found:
        return
    now = timezone.now()
    Placement.objects.bulk_update([row_of(change, now) for change in found], ROW, batch_size=1000)
    for status in Vps.OBSERVED:
        Vps.objects.observed([change.known.vps_id for change in found if change.moves_to == status], status)
    Event.objects.bulk_create([event for change in found for event in events_of(change)], batch_size=1000)
    for change in found:
        notify.pages(change.known.vps_id, change.known.user_id)


ROW = ["power", "node", "power_since", "missing_since"]


def row_of(change: Change, now: Any) -> Placement:
    known = change.known
    return Placement(
        id=known.placement_id,
        power=change.power,
        power_since=known.power_since if change.power == known.power else now,
        node=change.node,
        missing_since=(known.missing_since or now) if change.is_missing else None,
    )


def events_of(change: Change) -> Iterator[Event]:
    """Of the guest; `Vps.objects.observed` tells of the status."""
    known, data = change.known, {"vmid": change.known.vmid}
    if change.is_missing != (known.missing_since is not None):
        type = Event.Type.VPS_MISSING if change.is_missing else Event.Type.VPS_FOUND
        yield Event(type=type, vps_id=known.vps_id, user_id=known.user_id, source=Event.Source.SYSTEM, data=data)


def remember(cluster: Cluster, by_vmid: dict[int, Guest], bound: dict[int, Guest]) -> None:
    listed = [
        asdict(guest.ref) | {"name": guest.name, "power": guest.power, "is_template": guest.is_template}
        for guest in by_vmid.values()
    ]
    snapshots.store_guests(cluster.pk, listed)
    before = snapshots.usage(list(bound))
    now = timezone.now()
    snapshots.store_usage({vps_id: usage_now(guest.usage, before.get(vps_id), now) for vps_id, guest in bound.items()})
