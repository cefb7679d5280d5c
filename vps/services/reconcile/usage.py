"""What a guest uses now, from two rounds of the cluster's list: a pure function, for `observe`."""

from datetime import datetime
from typing import Annotated, Any, TypedDict

from vps.hypervisor.base import Usage
from web.openapi.shapes import moment, mostly_null, or_null, thing, value, whole
from web.timestamps import rfc3339

# The list counts bytes since the guest's start; people want bytes a second.
# A guest that runs is older by a second at least after this.
LEAST_STEP_S = 2.0
COUNTERS = ("disk_read", "disk_written", "net_in", "net_out")
IN_USE = whole("In use, bytes.", 2_147_483_648, minimum=0)
TOTAL = or_null(whole("Of so many bytes.", 107_374_182_400, minimum=0))
A_SECOND = or_null(whole("Bytes a second; null until it was heard twice.", 1200, minimum=0))
Sizes = dict[str, int | None]


class UsageShape(TypedDict):
    """What a VPS uses, as last heard, some seconds ago. A figure that was not said is null."""

    cpu: Annotated[float | None, or_null(value("number", "Share of its cores, from 0 to 1.", 0.25, minimum=0))]
    ram: Annotated[Sizes, thing({"used": or_null(IN_USE), "total": TOTAL}, "Memory.")]
    disk: Annotated[Sizes, thing({"used": mostly_null(IN_USE), "total": TOTAL}, "`used` is null of a virtual machine.")]
    rates: Annotated[Sizes, thing(dict.fromkeys(COUNTERS, A_SECOND), "What goes through it.")]
    uptime_s: Annotated[int | None, or_null(whole("Seconds since its start.", 86_400, minimum=0))]
    observed_at: Annotated[str, moment("When this was heard.")]


def usage_now(usage: Usage, before: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    """What pages and the API show, and what the next round needs of this one."""
    counted = {name: getattr(usage, name) for name in COUNTERS}
    seconds = now.timestamp() - before["at"] if before else 0.0
    if before and is_measured_already(usage, before, seconds):
        return before
    rates = {name: rate(counted[name], before, name, seconds) for name in COUNTERS}
    return {**shape(usage, rates, now), "at": now.timestamp(), "counted": counted}


def shape(usage: Usage, rates: Sizes, now: datetime) -> UsageShape:
    """Sizes in bytes, rates in bytes a second (None in the first round).

    What the hypervisor has not said is None. Of a virtual machine it says 0 bytes of disk, and means that it cannot tell.
    """
    return {
        "cpu": None if usage.cpu is None else round(usage.cpu, 4),
        "ram": {"used": usage.ram_used, "total": usage.ram_total},
        "disk": {"used": usage.disk_used or None, "total": usage.disk_total},
        "rates": rates,
        "uptime_s": usage.uptime_s,
        "observed_at": rfc3339(now),
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
