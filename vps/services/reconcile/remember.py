"""Keep what a cluster's list says of its guests for the pages and for staff, in Redis. For `observe`."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from vps import snapshots
from vps.hypervisor.base import Guest
from vps.models import Cluster
from vps.services.reconcile.usage import usage_now


def remember(cluster: Cluster, listed: Iterable[Guest], bound: dict[int, Guest]) -> None:
    """`bound` are those whose use is a VPS's own, by its id."""
    snapshots.store_guests(cluster.pk, [shown(guest) for guest in listed])
    before = snapshots.usage(list(bound))
    now = timezone.now()
    snapshots.store_usage({vps_id: usage_now(guest.usage, before.get(vps_id), now) for vps_id, guest in bound.items()})


def shown(guest: Guest) -> dict[str, Any]:
    """By hand: `asdict` takes ten times as long, and there may be ten thousand of them."""
    where = {"kind": guest.ref.kind, "vmid": guest.ref.vmid, "node": guest.ref.node}
    return where | {"name": guest.name, "power": guest.power, "is_template": guest.is_template}
