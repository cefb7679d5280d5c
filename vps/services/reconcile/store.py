"""Store what a cluster's list says of its guests in Redis, for pages and staff. `observe` calls it."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from vps import observations
from vps.hypervisor.base import NO_USAGE, Guest, Power
from vps.models import Cluster, Placement
from vps.services.reconcile.usage import usage_now

# As people know them.
KINDS = {kind.guest_kind: kind.value for kind in Placement.Kind}


def store(cluster: Cluster, listed: Iterable[Guest], bound: dict[int, Guest | None]) -> None:
    """`bound` are the cluster's placements by their ids, each with the guest whose use is its own, or None."""
    observations.store_guests(cluster.pk, [shown(guest) for guest in listed])
    before = observations.usage(list(bound))
    now = timezone.now()
    using = {id: guest.usage for id, guest in bound.items() if guest and is_measured(guest)}
    observations.store_usage({id: usage_now(usage, before.get(id), now) for id, usage in using.items()})
    observations.forget_usage([id for id in before if id not in using])


def is_measured(guest: Guest) -> bool:
    """Of a guest that nobody sees, what was measured before is no use of now."""
    return guest.power != Power.UNKNOWN and guest.usage != NO_USAGE


def shown(guest: Guest) -> dict[str, Any]:
    """By hand: `asdict` takes ten times as long, and there may be ten thousand of them."""
    where = {"kind": KINDS[guest.ref.kind], "guest": guest.ref.key, "node": guest.ref.node}
    size = {"cores": guest.cores, "ram": guest.usage.ram_total}
    return where | size | {"name": guest.name, "power": guest.power, "is_template": guest.is_template}
