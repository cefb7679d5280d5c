"""Store what a cluster's list says of its guests in Redis, for pages and staff. `observe` calls it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.utils import timezone

from vps import observations
from vps.hypervisor.base import NO_USAGE, Guest, Power
from vps.models import Cluster, Placement
from vps.services.reconcile.sightings import Sightings, differing
from vps.usage import Use, usage_now

# As people know them.
KINDS = {kind.guest_kind: kind.value for kind in Placement.Kind}


def store(cluster: Cluster, listed: Iterable[Guest], bound: Mapping[int, Guest | None]) -> None:
    """`bound` are the cluster's placements by their ids, each with the guest whose use is its own, or None."""
    observations.store_guests(cluster.pk, [row_of(guest) for guest in listed])
    before = observations.usage_on(cluster.pk, bound)
    observations.store_usage(cluster.pk, dict(uses(bound, before, timezone.now().timestamp())))


def uses(
    bound: Mapping[int, Guest | None], before: dict[int, Use | None], now: float
) -> Iterator[tuple[int, Use | None]]:
    for id, guest in bound.items():
        yield id, usage_now(guest.usage, before.get(id), now) if guest and is_measured(guest) else None


def store_sightings(cluster: Cluster, before: Sightings, after: Sightings) -> None:
    """What is as it was is not written again."""
    if len(before) != len(after) or differing(before, after):
        observations.store_sightings(cluster.pk, after)
    else:
        observations.keep_sightings(cluster.pk)


def is_measured(guest: Guest) -> bool:
    """Of a guest that nobody sees, what was measured before is no use of now."""
    return guest.power != Power.UNKNOWN and guest.usage != NO_USAGE


def row_of(guest: Guest) -> tuple[Any, ...]:
    """As `observations.GUEST_FIELDS` has it."""
    ref = guest.ref
    return (
        KINDS[ref.kind],
        ref.key,
        ref.node,
        guest.cores,
        guest.usage.ram_total,
        guest.name,
        guest.power,
        guest.is_template,
    )
