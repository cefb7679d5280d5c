"""What a cluster's list says of each machine beside its power: where it breaks with the round before, another may stand there.

Pure functions, for `compare` and `observe`; `observations` keeps one round's for the next.
"""

from collections.abc import Iterable
from typing import Any

from vps.hypervisor.base import Guest, Power

# (name, cores, RAM, disk, when it was started in seconds since 1970), each None where nothing was said of it.
Sighting = tuple[Any, ...]
# By the guest's key.
Sightings = dict[str, Sighting]

# When a machine was started is told by its uptime, which lags as the list does, and by clocks that are set now and then.
BOOT_GRAIN_S = 45.0
# What differs by less is the same start, told a moment later.
SAME_START_S = 5.0


def sightings(guests: Iterable[Guest], before: Sightings, now: float) -> Sightings:
    """What is known of each by now: what the list leaves out, as of a node that is down, is as it was. Of one that is as
    before it is the same object."""
    return {guest.ref.key: sighting(guest, before.get(guest.ref.key), now) for guest in guests}


def sighting(guest: Guest, before: Sighting | None, now: float) -> Sighting:
    usage = guest.usage
    sizes = (guest.name or None, guest.cores, usage.ram_total or None, usage.disk_total or None)
    started = started_at(guest, now)
    if before is None:
        return (*sizes, started)
    was = before[4]
    is_same_start = started is None or (was is not None and abs(started - was) < SAME_START_S)
    if is_same_start and sizes == before[:4]:
        return before
    listed = (*sizes, was if is_same_start else started)
    return tuple([new if new is not None else old for new, old in zip(listed, before, strict=True)])


def differing(before: Sightings, after: Sightings) -> Sightings:
    """Those of now that are not as before."""
    return {key: one for key, one in after.items() if one is not before.get(key)}


def broken(before: Sightings, differing: Sightings) -> set[str]:
    """Those where another machine may stand, unless an operation explains it."""
    return {key for key, one in differing.items() if breaks(before.get(key), one, is_explained=False)}


def started_at(guest: Guest, now: float) -> float | None:
    return now - guest.usage.uptime_s if guest.power == Power.RUNNING and guest.usage.uptime_s else None


def breaks(before: Sighting | None, after: Sighting, *, is_explained: bool) -> bool:
    """Whether this may be another machine than was seen before. A new start is none where an operation explains it."""
    if before is None:
        return False
    if any(old is not None and old != new for old, new in zip(before[:4], after[:4], strict=True)):
        return True
    was, started = before[4], after[4]
    is_new_start = was is not None and started is not None and abs(started - was) > BOOT_GRAIN_S
    return is_new_start and not is_explained
