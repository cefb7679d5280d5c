"""Ask guests who they are: those in doubt before anything of them is taken, the others in turn. For `observe`.

What takes longer than a round has time for is left to the next one, and what is in doubt stays so until then.
"""

import heapq
import logging
import time
from collections.abc import Collection, Iterator
from operator import attrgetter
from typing import TypeVar

from vps import notify
from vps.guests import GuestRef
from vps.hypervisor import Hypervisor
from vps.hypervisor.base import Guest, HypervisorError, Look, Power
from vps.models import Cluster, Placement
from vps.models.recognition import is_as_known, recognise, record_as_known
from vps.services.reconcile.brief import Brief
from vps.services.reconcile.compare import Known, doubted, still_doubted
from vps.services.reconcile.learn import known_of
from vps.services.reconcile.sightings import Sightings

log = logging.getLogger(__name__)

# In seconds, of a round's ten: longer than that nobody's state waits for others to say who they are.
DOUBTS_FOR_S = 4.0
LONGEST_UNASKED_FOR_S = 2.0
# So many rounds there are, and more, in the half hour after which a guest is asked again.
ROUNDS = 180
FEWEST = 5

T = TypeVar("T")


def ask_doubted(
    cluster: Cluster,
    hypervisor: Hypervisor,
    known: list[Known],
    guests: dict[str, Guest],
    seen: tuple[Sightings, Sightings],
) -> tuple[list[Known], set[int]]:
    """What is known now that they were asked, and the placements that are still in doubt. In `guests` stands what was seen
    of them; `seen` is what the list said the round before, and what it says now."""
    suspects = {row.placement_id: (row, guest) for row, guest in doubted(known, guests, *seen)}
    if not suspects:
        return known, still_doubted(known)
    placements = Placement.objects.filter(pk__in=suspects).select_related("cluster").order_by("doubted_since", "pk")
    unanswered = set(suspects)
    for placement in for_a_while(list(placements), DOUBTS_FOR_S):
        row, guest = suspects[placement.pk]
        if look := ask(placement, guest.ref, hypervisor):
            guests[row.key] = guest._replace(power=look.power)
            notify.pages(row.vps_id, row.user_id)
            unanswered.discard(placement.pk)
    fresh = {row.placement_id: row for row in known_of(cluster, list(suspects))}
    known = [fresh.get(row.placement_id, row) for row in known]
    return known, still_doubted(known) | unanswered


def ask(placement: Placement, ref: GuestRef, hypervisor: Hypervisor) -> Look | None:
    """What it looks like, whoever it is; None where it did not say. Its own power is newer than the list's."""
    try:
        look, marks = hypervisor.look(ref), hypervisor.identity(ref)
    except HypervisorError as error:
        log.info("%s is in doubt: %s", placement, error.detail)
        return None
    recognise(placement, marks, kind=ref.kind, power=look.power, node=look.node)
    return look


def ask_longest_unasked(hypervisor: Hypervisor, brief: list[Brief], present: dict[int, Guest]) -> None:
    """Those that were not asked for longest, so that each is within the hour. `present` are sure to be there."""
    due = {row.id: present[row.id].ref for row in longest_unasked(brief, present, quota(len(brief)))}
    as_known = []
    for placement in for_a_while(to_ask(due), LONGEST_UNASKED_FOR_S):
        try:
            marks = hypervisor.identity(due[placement.pk])
        except HypervisorError as error:
            log.info("%s did not say who it is: %s", placement, error.detail)
            continue
        if is_as_known(placement, marks):
            as_known.append(placement.pk)
        elif not recognise(placement, marks):
            notify.pages(placement.vps_id, placement.vps.user_id)
    if as_known:
        record_as_known(as_known)


def to_ask(placement_ids: Collection[int]) -> list[Placement]:
    """With all that is compared and logged of them."""
    if not placement_ids:
        return []
    found = Placement.objects.filter(pk__in=placement_ids).select_related("vps", "cluster").prefetch_related("marks")
    return list(found.order_by("identified_at"))


def longest_unasked(brief: list[Brief], present: dict[int, Guest], at_most: int) -> list[Brief]:
    due = [row for row in brief if row.unasked_since and is_reported(present.get(row.id))]
    return heapq.nsmallest(at_most, due, key=attrgetter("unasked_since"))


def is_reported(guest: Guest | None) -> bool:
    return guest is not None and guest.power != Power.UNKNOWN


def quota(count: int) -> int:
    return max(FEWEST, -(-count // ROUNDS))


def for_a_while(what: list[T], seconds: float) -> Iterator[T]:
    until = time.monotonic() + seconds
    for one in what:
        if time.monotonic() > until:
            return
        yield one
