"""What a guest uses now, from two rounds of the cluster's list: a pure function, for `observe`."""

from datetime import datetime
from typing import Any

from vps.hypervisor.base import Usage
from web.timestamps import rfc3339

# The list counts bytes since the guest's start; people want bytes a second.
# A guest that runs is older by a second at least after this.
LEAST_STEP_S = 2.0
COUNTERS = ("disk_read", "disk_written", "net_in", "net_out")


def usage_now(usage: Usage, before: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    """The shape that pages and the API show: sizes in bytes, rates in bytes a second (None in the first round).

    What the hypervisor has not said is None. Of a virtual machine it says 0 bytes of disk, and means that it cannot tell.
    """
    counted = {name: getattr(usage, name) for name in COUNTERS}
    seconds = now.timestamp() - before["at"] if before else 0.0
    if before and is_measured_already(usage, before, seconds):
        return before
    return {
        "cpu": None if usage.cpu is None else round(usage.cpu, 4),
        "ram": {"used": usage.ram_used, "total": usage.ram_total},
        "disk": {"used": usage.disk_used or None, "total": usage.disk_total},
        "rates": {name: rate(counted[name], before, name, seconds) for name in COUNTERS},
        "uptime_s": usage.uptime_s,
        "observed_at": rfc3339(now),
        "at": now.timestamp(),
        "counted": counted,
    }


def is_measured_already(usage: Usage, before: dict[str, Any], seconds: float) -> bool:
    """The cluster measures when it likes, so one measurement may be listed twice: a guest that runs has not stood still,
    and nothing of it is observed now."""
    return bool(usage.uptime_s) and usage.uptime_s == before.get("uptime_s") and seconds >= LEAST_STEP_S


def rate(count: int | None, before: dict[str, Any] | None, name: str, seconds: float) -> int | None:
    """A counter that ran backwards began anew with its guest: no rate can be told."""
    counted: int | None = before["counted"].get(name) if before else None
    if count is None or counted is None or seconds <= 0 or count < counted:
        return None
    return round((count - counted) / seconds)
