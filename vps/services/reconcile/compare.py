"""What a cluster's list changes in what we knew: pure functions, for `observe`. They touch no database and no clock."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from vps.hypervisor.base import OBSERVED, Guest, Power

# The list lags behind a guest's own status by up to 13 s (pvestatd's 10 s and a cache): so long after a look, a list that
# says otherwise is either late or tells of something new.
LIST_MAY_LAG = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Known:
    """A placement as we have it. `is_busy`: an operation is open, which reports by itself."""

    placement_id: int
    vps_id: int
    user_id: int
    kind: str
    vmid: int
    node: str
    identity: str
    stranger: str
    power: str
    status: str
    looked_at: datetime | None
    missing_since: datetime | None
    is_busy: bool

    @property
    def is_missing(self) -> bool:
        return self.missing_since is not None


@dataclass(frozen=True, slots=True)
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


def changes(
    known: Iterable[Known], guests: dict[int, Guest], unseen: Collection[int] = frozenset()
) -> Iterator[Change]:
    """Only what differs, `guests` being keyed by vmid. A guest that is not listed is missing, never deleted; it is not
    known where its placement is among `unseen`."""
    for placement in known:
        is_unseen = placement.placement_id in unseen
        change = not_known(placement) if is_unseen else seen(placement, listed(placement, guests))
        if differs(placement, change):
            yield change


def unlisted(known: Iterable[Known], guests: dict[int, Guest]) -> list[Known]:
    """Those that were there, and are not in the list."""
    return [row for row in known if not row.is_missing and listed(row, guests) is None]


def not_known(known: Known) -> Change:
    """The list is not believed of it."""
    return Change(known, Power.UNKNOWN, known.node, is_missing=known.is_missing)


def listed(known: Known, guests: dict[int, Guest]) -> Guest | None:
    """What stands under its vmid, if that is of its kind."""
    guest = guests.get(known.vmid)
    return guest if guest and guest.ref.kind == known.kind else None


def seen(known: Known, guest: Guest | None) -> Change:
    """Of one that is missing, or mistaken, no more is taken than where to ask who stands there: see `returned`."""
    if guest is None:
        return Change(known, known.power, known.node, is_missing=True)
    if known.is_missing:
        return Change(known, known.power, guest.ref.node, is_missing=True)
    is_told_otherwise = known.is_busy and Power.UNKNOWN not in (known.power, guest.power)
    power = known.power if is_told_otherwise else str(guest.power)
    return Change(known, power, guest.ref.node, is_missing=False)


def differs(known: Known, change: Change) -> bool:
    is_same = (change.power, change.node, change.is_missing) == (known.power, known.node, known.is_missing)
    return not is_same or change.moves_to is not None


def present(known: Iterable[Known], guests: dict[int, Guest]) -> Iterator[tuple[Known, Guest]]:
    """Each that was there all along, with what the list says of it: that is its own, and nobody else's."""
    for placement in known:
        guest = listed(placement, guests)
        if guest and not placement.is_missing:
            yield placement, guest


def doubtful(known: Iterable[Known], guests: dict[int, Guest], now: datetime) -> Iterator[Known]:
    """Those that were looked at so lately that the list may be older than the look. They are few, and worth another."""
    for placement, guest in present(known, guests):
        is_fresh = placement.looked_at is not None and now - placement.looked_at < LIST_MAY_LAG
        if is_fresh and not placement.is_busy and guest.power != placement.power:
            yield placement


def unheard(known: Iterable[Known], guests: dict[int, Guest]) -> Iterator[Known]:
    """Those of which the cluster has heard nothing for minutes, though it has their node: they can be asked themselves."""
    for placement, guest in present(known, guests):
        if guest.power == Power.UNKNOWN and not guest.is_lost:
            yield placement


def returned(known: Iterable[Known], guests: dict[int, Guest]) -> Iterator[Known]:
    """Missing ones whose vmid is listed again: it may be another's by now, and its identity is to be asked for.

    A node that is away cannot be asked; where a stranger was found, `binding.identify_rest` asks again and again.
    """
    for placement in known:
        guest = listed(placement, guests)
        if guest and placement.is_missing and not placement.stranger and guest.power != Power.UNKNOWN:
            yield placement


def nodes_back(learnt: Iterable[Change]) -> set[str]:
    """Where guests are seen that could not be. One that was bound just now tells nothing: it was not asked before."""
    heard = (change for change in learnt if not change.is_missing and change.power != Power.UNKNOWN)
    return {change.node for change in heard if change.known.power == Power.UNKNOWN and change.known.identity}
