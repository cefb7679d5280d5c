"""What a cluster's list changes in what we knew: pure functions, for `observe`. They touch no database and no clock."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from vps.guests import GuestRef, Kind
from vps.hypervisor.base import OBSERVED, Guest, Power
from vps.services.reconcile.sightings import Sighting, Sightings, breaks

# Every guest says again who it is within an hour: those that have not for so long are asked, a few a round.
ASKED_AGAIN_AFTER = timedelta(minutes=30)
# An uptime comes in whole seconds, some time after it was asked for.
UPTIME_GRAIN_S = 2.0
LONGEST_OPERATION_S = 310.0


@dataclass(frozen=True, slots=True)
class Known:
    """A placement as we have it. `is_busy`: an operation is open, which reports by itself."""

    placement_id: int
    vps_id: int
    user_id: int
    kind: Kind
    key: str
    node: str
    identity: str
    identity_mismatch: str
    power: str
    status: str
    looked_at: datetime | None
    missing_since: datetime | None
    doubted_since: datetime | None
    identified_at: datetime
    is_busy: bool

    @property
    def ref(self) -> GuestRef:
        return GuestRef(self.kind, self.key, self.node)

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
    is_doubted: bool = False

    @property
    def moves_to(self) -> str | None:
        """The VPS's new status, or None: only running and stopped move, and an open operation reports by itself."""
        status = self.known.status
        is_free = status in OBSERVED and not (self.known.is_busy or self.is_missing or self.is_doubted)
        return self.power if is_free and self.power in OBSERVED and self.power != status else None


def changes(
    known: Iterable[Known],
    guests: dict[str, Guest],
    unseen: Collection[int] = frozenset(),
    in_doubt: Collection[int] = frozenset(),
) -> Iterator[Change]:
    """Only what differs, `guests` being named by their keys. A guest that is not listed is missing, never deleted; it is not
    known where its placement is among `unseen`. Of placements `in_doubt` it is not sure whose the guest is."""
    for placement in known:
        is_unseen, is_doubted = placement.placement_id in unseen, placement.placement_id in in_doubt
        change = not_known(placement) if is_unseen else seen(placement, listed(placement, guests), is_doubted)
        if differs(placement, change):
            yield change


def unlisted(known: Iterable[Known], guests: dict[str, Guest]) -> list[Known]:
    """Those that were there, and are not in the list."""
    return [row for row in known if not row.is_missing and listed(row, guests) is None]


def not_known(known: Known) -> Change:
    """The list is not believed of it."""
    return Change(known, Power.UNKNOWN, known.node, known.is_missing, is_doubted=known.doubted_since is not None)


def listed(known: Known, guests: dict[str, Guest]) -> Guest | None:
    """What stands under its key, if that is of its kind."""
    guest = guests.get(known.key)
    return guest if guest and guest.ref.kind == known.kind else None


def seen(known: Known, guest: Guest | None, is_doubted: bool) -> Change:
    """Of one that is missing or in doubt, no more is taken than where to ask who stands there."""
    if guest is None:
        return Change(known, known.power, known.node, is_missing=True)
    if known.is_missing or is_doubted:
        return Change(known, known.power, guest.ref.node, known.is_missing, is_doubted=not known.is_missing)
    is_contradicted = known.is_busy and Power.UNKNOWN not in (known.power, guest.power)
    power = known.power if is_contradicted else str(guest.power)
    return Change(known, power, guest.ref.node, is_missing=False)


def differs(known: Known, change: Change) -> bool:
    was = (known.power, known.node, known.is_missing, known.doubted_since is not None)
    return (change.power, change.node, change.is_missing, change.is_doubted) != was or change.moves_to is not None


def doubted(
    known: Iterable[Known], guests: dict[str, Guest], before: Sightings, now: Sightings
) -> Iterator[tuple[Known, Guest]]:
    """Those that have to say who they are before anything of them is shown: they were in doubt before, or the list tells
    of another machine, be it one of another kind. Who is missing is `returned`; who was bound just now is asked anyway."""
    for placement in known:
        guest = guests.get(placement.key)
        if guest is None or placement.is_missing or guest.power == Power.UNKNOWN:
            continue
        is_other = guest.ref.kind != placement.kind
        was, is_now = before.get(placement.key), now[placement.key]
        may_be_another = breaks(was, is_now, is_explained=is_operated(placement, was, is_now))
        if is_other or placement.doubted_since or may_be_another:
            yield placement, guest


def is_operated(known: Known, was: Sighting | None, is_now: Sighting) -> bool:
    """Whether an operation is open, or has looked at it soon after this start: it asks who a guest is before its command."""
    if known.is_busy or known.looked_at is None or was is None or None in (was[4], is_now[4]):
        return known.is_busy
    since_start = known.looked_at.timestamp() - float(is_now[4])
    return bool(was[4] < is_now[4]) and -UPTIME_GRAIN_S <= since_start <= LONGEST_OPERATION_S


def still_doubted(known: Iterable[Known]) -> set[int]:
    """Those of whom nothing new can be said while they are not asked."""
    return {row.placement_id for row in known if row.doubted_since is not None}


def present(
    known: Iterable[Known], guests: dict[str, Guest], in_doubt: Collection[int]
) -> Iterator[tuple[Known, Guest]]:
    """Each that was there all along, with what the list says of it: that is its own, and nobody else's."""
    for placement in known:
        guest = listed(placement, guests)
        if guest and not placement.is_missing and placement.placement_id not in in_doubt:
            yield placement, guest


def unsettled(
    known: Iterable[Known], guests: dict[str, Guest], in_doubt: set[int], now: datetime, lag_s: float
) -> Iterator[Known]:
    """Those that were looked at so lately that the list, which may lag by so much, is late or tells of something new. They
    are few, and worth another look."""
    for placement, guest in present(known, guests, in_doubt):
        if is_fresh(placement, now, lag_s) and not placement.is_busy and guest.power != placement.power:
            yield placement


def is_fresh(known: Known, now: datetime, lag_s: float) -> bool:
    """Whether its own look may be newer than the list."""
    return known.looked_at is not None and (now - known.looked_at).total_seconds() < lag_s


def unreported(known: Iterable[Known], guests: dict[str, Guest]) -> Iterator[Known]:
    """Those of which the cluster has heard nothing for minutes, though it has their node: they can be asked themselves.

    Who was missing or in doubt is among them: what nobody hears of would never be asked who it is.
    """
    for placement in known:
        guest = listed(placement, guests)
        if guest and guest.power == Power.UNKNOWN and not guest.is_lost:
            yield placement


def returned(known: Iterable[Known], guests: dict[str, Guest]) -> Iterator[Known]:
    """Missing ones whose key is listed again: it may be another's by now, and its identity is to be asked for.

    A node that is away cannot be asked; where another guest was found, `binding.identify_rest` asks again and again.
    """
    for placement in known:
        guest = listed(placement, guests)
        if guest and placement.is_missing and not placement.identity_mismatch and guest.power != Power.UNKNOWN:
            yield placement


def nodes_back(learnt: Iterable[Change]) -> set[str]:
    """Where guests are seen that could not be. One that was bound just now tells nothing: it was not asked before."""
    reported = (change for change in learnt if not change.is_missing and change.power != Power.UNKNOWN)
    return {change.node for change in reported if change.known.power == Power.UNKNOWN and change.known.identity}
