"""Write what a cluster's list has changed, with its events. For `observe`.

What somebody else has written since we asked, an operation say, is newer than our list: it is left alone.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from vps.models import Cluster, Event, Operation, Placement, Vps
from vps.models.placement import guest_facts
from vps.services.reconcile.compare import Change, Known

# So many rows are locked at a time: whoever clicks, and the main site, wait for these and not for a whole cluster.
AT_ONCE = 1000
# A look into a dict, for there may be ten thousand placements.
GUEST_KINDS = {kind.value: kind.guest_kind for kind in Placement.Kind}
COLUMNS = (
    "id",
    "vps_id",
    "vps__user_id",
    "kind",
    "guest",
    "node",
    "identity",
    "identity_mismatch",
    "power",
    "vps__status",
    "looked_at",
    "missing_since",
    "doubted_since",
    "identified_at",
)


def is_busy() -> Exists:
    """A condition on placements: an operation is open, which reports by itself."""
    return Exists(Operation.objects.open().filter(vps=OuterRef("vps_id")))


def known_of(cluster: Cluster, placement_ids: list[int] | None = None) -> Iterator[Known]:
    """All of the cluster's, or these."""
    these = {} if placement_ids is None else {"pk__in": placement_ids}
    rows = Placement.objects.filter(cluster=cluster, **these).values_list(*COLUMNS, is_busy())
    return (Known(id, vps, user, GUEST_KINDS[kind], *rest) for id, vps, user, kind, *rest in rows)


def learn_all(cluster: Cluster, found: list[Change]) -> list[Change]:
    """What was written of these, a part at a time: what a failure leaves undone is found again by the next round."""
    parts = (found[start : start + AT_ONCE] for start in range(0, len(found), AT_ONCE))
    return [change for part in parts for change in learn(cluster, part)]


@transaction.atomic
def learn(cluster: Cluster, found: list[Change]) -> list[Change]:
    """What was written of these, in as many statements for one as for a thousand."""
    Vps.objects.locked(change.known.vps_id for change in found)
    now = {row.placement_id: row for row in known_of(cluster, [change.known.placement_id for change in found])}
    still = [change for change in found if now.get(change.known.placement_id) == change.known]
    write(still)
    return still


def write(found: list[Change]) -> None:
    Placement.objects.store_observed([row_of(change) for change in found])
    for status in Vps.OBSERVED:
        moved = [change.known.vps_id for change in found if change.moves_to == status]
        if moved:
            Vps.objects.observed(moved, status)
    Event.objects.record_all(events_of(found))


def row_of(change: Change) -> tuple[Any, ...]:
    """As OBSERVED_COLUMNS has it."""
    return change.known.placement_id, change.power, change.node, change.is_missing, change.is_doubted


def events_of(found: Iterable[Change]) -> Iterator[Event]:
    """Of guests that went missing. `Vps.objects.observed` tells of a status, `Placement.record_found` of a return."""
    for change in found:
        known = change.known
        if change.is_missing and not known.is_missing:
            where: dict[str, Any] = {"source": Event.Source.SYSTEM, "data": guest_facts(known.key)}
            yield Event(type=Event.Type.VPS_MISSING, vps_id=known.vps_id, user_id=known.user_id, **where)
