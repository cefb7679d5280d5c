"""What a VPS uses, now and over time. Doors read what was heard last and never wait; a worker fetches the history."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, NotRequired, TypedDict

from django.utils import timezone

from vps import notify, observations
from vps.hypervisor.base import OutcomeUnknown, Refused, Timeframe, Unreachable
from vps.models import Event, Placement, Vps
from vps.open_hypervisor import Crowded, open_hypervisor
from vps.usage import shape
from web.openapi.shapes import many, moment, one_of, or_null, thing, value, whole
from web.timestamps import rfc3339

# The hypervisor's own data are no finer than a minute.
FRESH_FOR = timedelta(minutes=1)
TIMEFRAMES = [str(timeframe) for timeframe in Timeframe]
RATES = ("disk_read", "disk_written", "net_in", "net_out")
POINT = {
    "time": whole("Seconds since 1970, UTC.", 1_761_561_000),
    "cpu": or_null(value("number", "Share of its cores, from 0 to 1.", 0.25, minimum=0)),
    **dict.fromkeys(("ram_used", "ram_total"), or_null(value("number", "Bytes.", 2_147_483_648, minimum=0))),
    **dict.fromkeys(RATES, or_null(value("number", "Bytes a second.", 1200, minimum=0))),
}
STATE = one_of("`pending`: being fetched, ask again in a second.", ["ready", "pending", "unavailable"], "pending")
POINTS = many(thing(POINT), "Oldest first; null: not known.", examples=[[]])


class HistoryShape(TypedDict):
    """What a VPS has used over time."""

    state: Annotated[str, STATE]
    points: Annotated[list[dict[str, Any]], POINTS]
    fetched_at: NotRequired[Annotated[str, moment("When it was fetched; there when ready.")]]


PENDING: HistoryShape = {"state": "pending", "points": []}
UNAVAILABLE: HistoryShape = {"state": "unavailable", "points": []}


def usage(vps: Vps) -> dict[str, Any] | None:
    """CPU (0..1 of its cores), RAM, disk and network as last heard; None where nothing is known of late.

    A figure of these that the hypervisor has not said is None too.
    """
    return usages([vps]).get(vps.pk)


def usages(vpses: list[Vps]) -> dict[int, dict[str, Any]]:
    """As `usage`, by the id of each of which something is known: one read, whatever their number."""
    seen = {placement.pk: placement for vps in vpses if (placement := placement_seen(vps))}
    found = observations.usage((placement.cluster_id, id) for id, placement in seen.items())
    return {seen[id].vps_id: dict(shape(use)) for id, use in found.items()}


def history(vps: Vps, timeframe: str) -> HistoryShape:
    """As it was heard. Pending: a worker is asking. One of more than a minute ago is shown while a worker asks anew."""
    placement = getattr(vps, "placement", None)
    if placement is None or not placement.is_certain:
        return UNAVAILABLE
    points: Any = observations.history(placement.pk, timeframe)
    if not is_fresh(points) and observations.first_to_ask(f"{placement.pk}:{timeframe}", for_seconds=5):
        notify.worker("fetch_history", vps.pk, timeframe)
    return since_its_owner(points, vps) if points else PENDING


def is_fresh(points: HistoryShape | None) -> bool:
    """That there is none is kept for as long as it counts."""
    if points is None or "fetched_at" not in points:
        return points is not None
    return datetime.fromisoformat(points["fetched_at"]) > timezone.now() - FRESH_FOR


def since_its_owner(points: HistoryShape, vps: Vps) -> HistoryShape:
    """What the machine did while it was another customer's is nothing of this one's."""
    moved_at = Event.objects.owned_since(vps)
    if moved_at is None:
        return points
    return {**points, "points": [point for point in points["points"] if point["time"] >= moved_at.timestamp()]}


def placement_seen(vps: Vps) -> Placement | None:
    """Its guest, if that is seen now: what is measured under the key of one that is missing or in doubt is not surely its."""
    placement: Placement | None = getattr(vps, "placement", None)
    is_seen = placement and placement.is_certain and placement.power != Placement.Power.UNKNOWN
    return placement if is_seen else None


def fetch_history(vps_id: int, timeframe: str) -> None:
    """Ask the hypervisor."""
    placement = Placement.objects.select_related("cluster").filter(vps_id=vps_id).first()
    if placement is None or not placement.is_certain:
        return
    try:
        found = ask(placement, Timeframe(timeframe))
    except Crowded:
        # The open page asks again in a moment.
        return
    observations.store_history(placement.pk, timeframe, found)


def ask(placement: Placement, timeframe: Timeframe) -> HistoryShape:
    ref = placement.ref
    try:
        with open_hypervisor(placement.cluster, for_operations=False) as hypervisor:
            if not placement.claim(hypervisor.identity(ref)):
                notify.worker("identify", placement.pk)
                return UNAVAILABLE
            samples = hypervisor.history(ref, timeframe)
    except (Refused, Unreachable, OutcomeUnknown):
        return UNAVAILABLE
    points = [asdict(sample) for sample in samples]
    return {"state": "ready", "points": points, "fetched_at": rfc3339(timezone.now())}
