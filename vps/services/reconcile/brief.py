"""What a round reads of a cluster's placements: of most one word, and no more where the list says the same. For `observe`.

To read ten thousand in full, and to hold each against its guest, takes longer than to fetch and read their list.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import BooleanField, Case, ExpressionWrapper, F, Q, Value, When
from django.db.models.functions import Concat, Now

from vps.guests import GuestRef
from vps.hypervisor.base import OBSERVED, Guest
from vps.models import Cluster, Placement
from vps.services.reconcile.compare import ASKED_AGAIN_AFTER, LONGEST_OPERATION_S, Known
from vps.services.reconcile.learn import GUEST_KINDS, is_busy, known_of

KINDS = {ours: theirs for theirs, ours in GUEST_KINDS.items()}
# What was looked at since may be newer than the list, or explain what the list tells.
LOOKED_LATELY = timedelta(seconds=2 * LONGEST_OPERATION_S)
# Its own guest is there, nothing is under way, and what is shown agrees with what was seen.
IS_QUIET = (
    Q(missing_since=None, doubted_since=None, identity_mismatch="")
    & ~Q(identity="")
    & ~Q(power="unknown")
    & (Q(looked_at=None) | Q(looked_at__lt=Now() - LOOKED_LATELY))
    & (Q(vps__status=F("power")) | ~Q(vps__status__in=OBSERVED))
)
WORD = Concat("kind", Value(" "), "node", Value(" "), "power")
UNASKED_SINCE = Case(When(identified_at__lt=Now() - ASKED_AGAIN_AFTER, then=F("identified_at")))

Quiet = dict[int, Guest]


class Brief(NamedTuple):
    """A placement in brief. Of one that `is_quiet` nothing is to be done where the list says the same `word`.

    `unasked_since`: when it said last who it is, where that is long ago.
    """

    id: int
    key: str
    word: str
    is_quiet: bool
    status: str
    unasked_since: datetime | None

    @property
    def ref(self) -> GuestRef:
        kind, node, _ = self.word.split(" ")
        return GuestRef(GUEST_KINDS[kind], self.key, node)


def in_brief(cluster: Cluster, placement_ids: list[int] | None = None) -> Iterator[Brief]:
    """All of the cluster's, or these."""
    these = {} if placement_ids is None else {"pk__in": placement_ids}
    is_quiet = ExpressionWrapper(IS_QUIET & ~is_busy(), output_field=BooleanField())
    rows = Placement.objects.filter(cluster=cluster, **these)
    return map(Brief._make, rows.values_list("id", "guest", WORD, is_quiet, "vps__status", UNASKED_SINCE))


def word_of(guest: Guest) -> str:
    """As the WORD of its placement."""
    return f"{KINDS[guest.ref.kind]} {guest.ref.node} {guest.power}"


def sift(brief: list[Brief], guests: dict[str, Guest], broken: set[str]) -> tuple[Quiet, list[int]]:
    """The quiet ones that the list says nothing new of, each with its guest; and those that are quiet no more."""
    quiet: Quiet = {}
    stirred = []
    for id, key, word, is_quiet, _, _ in brief:
        if not is_quiet:
            continue
        guest = guests.get(key)
        if guest is not None and word == word_of(guest) and key not in broken:
            quiet[id] = guest
        else:
            stirred.append(id)
    return quiet, stirred


def in_full(cluster: Cluster, brief: list[Brief], placement_ids: list[int]) -> list[Known]:
    """Of these, those that are still as they were in brief: what was written meanwhile is newer than the list."""
    if not placement_ids:
        return []
    known = list(known_of(cluster, placement_ids))
    was, now = (
        {row.id: row._replace(unasked_since=None) for row in rows} for rows in (brief, in_brief(cluster, placement_ids))
    )
    return [row for row in known if now.get(row.placement_id) == was[row.placement_id]]
