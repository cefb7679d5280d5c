"""What a cluster's list changes in what we knew: a pure function, for `reconcile`. Touches no database and no clock."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from vps.hypervisor.base import Guest

# The list lags behind a guest's own status by up to 13 s (pvestatd's 10 s and a cache), so a look outranks it so long.
LOOK_OUTRANKS_LIST_FOR = timedelta(seconds=15)


OBSERVED = ("running", "stopped")


@dataclass(frozen=True)
class Known:
    """A placement as we have it. `is_busy`: an operation is open, which reports by itself."""

    placement_id: int
    vps_id: int
    user_id: int
    kind: str
    vmid: int
    node: str
    power: str
    power_since: datetime
    status: str
    looked_at: datetime | None
    missing_since: datetime | None
    is_busy: bool


@dataclass(frozen=True)
class Change:
    """What is to be written of one placement."""

    known: Known
    power: str
    node: str
    is_missing: bool

    @property
    def moves_to(self) -> str | None:
        """The VPS's new status, or None: only running and stopped move, and an open operation reports by itself."""
        status = self.known.status
        is_free = status in OBSERVED and not self.known.is_busy and not self.is_missing
        return self.power if is_free and self.power in OBSERVED and self.power != status else None


def changes(known: Iterable[Known], guests: dict[int, Guest], now: datetime) -> Iterator[Change]:
    """Only what differs, `guests` being keyed by vmid. A guest that is not listed is missing, never deleted."""
    for placement in known:
        change = seen(placement, guests.get(placement.vmid), now)
        if differs(placement, change):
            yield change


def seen(known: Known, guest: Guest | None, now: datetime) -> Change:
    if guest is None or guest.ref.kind != known.kind:
        return Change(known, known.power, known.node, is_missing=True)
    power = known.power if trusts_itself(known, now) else str(guest.power)
    return Change(known, power, guest.ref.node, is_missing=False)


def trusts_itself(known: Known, now: datetime) -> bool:
    return known.is_busy or (known.looked_at is not None and now - known.looked_at < LOOK_OUTRANKS_LIST_FOR)


def differs(known: Known, change: Change) -> bool:
    is_missing = known.missing_since is not None
    is_same = (change.power, change.node, change.is_missing) == (known.power, known.node, is_missing)
    return not is_same or change.moves_to is not None
