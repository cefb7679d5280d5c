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
from vps.hypervisor import Hypervisor, connect
from vps.hypervisor.base import Access, Guest, HypervisorError, Power
from vps.models import Cluster, Event, Operation, Placement, Vps
from vps.models.locks import RECONCILE_OF_CLUSTER, turn
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
    hypervisor = connect(cluster.hypervisor, Access(**cluster.credentials()))
    try:
        guests = hear(cluster, hypervisor)
        known = list(known_of(cluster))
        by_vmid = {guest.ref.vmid: guest for guest in guests}
        for row in doubtful(known, by_vmid, timezone.now()):
            by_vmid[row.vmid] = look_again(hypervisor, by_vmid[row.vmid])
    except HypervisorError as error:
        Cluster.objects.failed(cluster.pk, error.detail)
        return 0
    return learn(cluster, known, by_vmid)


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
def learn(cluster: Cluster, known: list[Known], by_vmid: dict[int, Guest]) -> int:
    found = list(changes(known, by_vmid))
    write(found)
    Cluster.objects.answered(cluster.pk)
    remember(cluster, by_vmid, {row.vps_id: by_vmid[row.vmid] for row in known if row.vmid in by_vmid})
    return len(found)


def known_of(cluster: Cluster) -> Iterator[Known]:
    is_busy = Exists(Operation.objects.open().filter(vps=OuterRef("vps_id")))
    rows = Placement.objects.filter(cluster=cluster).values_list(
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
    known = change.known
    if change.is_missing != (known.missing_since is not None):
        yield event("vps.missing" if change.is_missing else "vps.found", known, vmid=known.vmid)
    if status := change.moves_to:
        yield event("vps.status_changed", known, was=known.status, status=status)


def event(type: str, known: Known, **data: Any) -> Event:
    return Event(type=type, vps_id=known.vps_id, user_id=known.user_id, source=Event.Source.SYSTEM, data=data)


def remember(cluster: Cluster, by_vmid: dict[int, Guest], bound: dict[int, Guest]) -> None:
    listed = [
        asdict(guest.ref) | {"name": guest.name, "power": guest.power, "is_template": guest.is_template}
        for guest in by_vmid.values()
    ]
    snapshots.store_guests(cluster.pk, listed)
    before = snapshots.usage(list(bound))
    now = timezone.now()
    snapshots.store_usage({vps_id: usage_now(guest.usage, before.get(vps_id), now) for vps_id, guest in bound.items()})
