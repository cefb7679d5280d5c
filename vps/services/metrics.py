"""What a VPS uses, now and over time. Doors read what was heard last and never wait; a worker fetches the history."""

from dataclasses import asdict
from typing import Any

from django.utils import timezone

from accounts.wire import rfc3339
from vps import notify, snapshots
from vps.hypervisor.base import GuestRef, Kind, OutcomeUnknown, Refused, Timeframe, Unreachable
from vps.models import Placement, Vps
from vps.reach import Crowded, reach

TIMEFRAMES = [str(timeframe) for timeframe in Timeframe]
PRIVATE = {"at", "counted"}
PENDING = {"state": "pending", "points": []}
UNAVAILABLE = {"state": "unavailable", "points": []}


def usage(vps: Vps) -> dict[str, Any] | None:
    """CPU (0..1 of its cores), RAM, disk and network as last heard; None where nothing is known of late."""
    heard = None if is_missing(vps) else snapshots.usage([vps.pk]).get(vps.pk)
    return heard and {name: value for name, value in heard.items() if name not in PRIVATE}


def history(vps: Vps, timeframe: str) -> dict[str, Any]:
    """{"state": "ready" | "pending" | "unavailable", "points": [Sample as dict]}. Pending: a worker is asking."""
    if not hasattr(vps, "placement") or is_missing(vps):
        return UNAVAILABLE
    heard = snapshots.history(vps.pk, timeframe)
    if heard is None and snapshots.first_to_ask(f"{vps.pk}:{timeframe}", for_seconds=5):
        notify.worker("fetch_history", vps.pk, timeframe)
    return heard or PENDING


def is_missing(vps: Vps) -> bool:
    """Whether what the cluster measures under its vmid is nobody's, or a stranger's."""
    placement = getattr(vps, "placement", None)
    return placement is not None and placement.missing_since is not None


def fetch_history(vps_id: int, timeframe: str) -> None:
    """Ask the hypervisor, for a minute's use: its own data are no finer than that."""
    placement = Placement.objects.select_related("cluster").filter(vps_id=vps_id, missing_since=None).first()
    if placement is None:
        return
    try:
        heard = ask(placement, Timeframe(timeframe))
    except Crowded:
        # The open page asks again in a moment.
        return
    snapshots.store_history(vps_id, timeframe, heard)


def ask(placement: Placement, timeframe: Timeframe) -> dict[str, Any]:
    ref = GuestRef(Kind(placement.kind), placement.vmid, placement.node)
    try:
        with reach(placement.cluster, for_operations=False) as hypervisor:
            samples = hypervisor.history(ref, timeframe)
    except (Refused, Unreachable, OutcomeUnknown):
        return UNAVAILABLE
    points = [asdict(sample) for sample in samples]
    return {"state": "ready", "points": points, "fetched_at": rfc3339(timezone.now())}
