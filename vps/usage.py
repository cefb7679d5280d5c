"""What a guest uses now, from two rounds of its cluster's list: pure functions. Reconcile keeps it, metrics tells it."""

from datetime import UTC, datetime
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
# In the order of COUNTERS
Counts = tuple[int | None, ...]
# What is kept of a guest: when it was heard, in seconds since 1970, its Usage as a plain tuple, and when before that which
# counters were heard. It is written of ten thousand each round, and of the few that are read `shape` makes what is shown.
Use = tuple[float, tuple[Any, ...], tuple[float, Counts] | None]
FIRST, UPTIME = (Usage._fields.index(name) for name in (COUNTERS[0], "uptime_s"))


class UsageShape(TypedDict):
    """What a VPS uses, as last heard, some seconds ago. A figure that was not said is null."""

    cpu: Annotated[float | None, or_null(value("number", "Share of its cores, from 0 to 1.", 0.25, minimum=0))]
    ram: Annotated[Sizes, thing({"used": or_null(IN_USE), "total": TOTAL}, "Memory.")]
    disk: Annotated[Sizes, thing({"used": mostly_null(IN_USE), "total": TOTAL}, "`used` is null of a virtual machine.")]
    rates: Annotated[Sizes, thing(dict.fromkeys(COUNTERS, A_SECOND), "What goes through it.")]
    uptime_s: Annotated[int | None, or_null(whole("Seconds since its start.", 86_400, minimum=0))]
    observed_at: Annotated[str, moment("When this was heard.")]


def usage_now(usage: Usage, before: Use | None, now: float) -> Use:
    """What pages and the API show is made of, and what the next round needs of this one."""
    if before is None:
        return now, tuple(usage), None
    was_at, was, _ = before
    if is_measured_already(usage.uptime_s, was[UPTIME], now - was_at):
        return before
    return now, tuple(usage), (was_at, counted(was))


def counted(figures: tuple[Any, ...]) -> Counts:
    return figures[FIRST : FIRST + len(COUNTERS)]


def shape(use: Use) -> UsageShape:
    """Sizes in bytes, rates in bytes a second (None in the first round).

    What the hypervisor has not said is None. Of a virtual machine it says 0 bytes of disk, and means that it cannot tell.
    """
    at, figures, before = use
    usage = Usage._make(figures)
    return {
        "cpu": None if usage.cpu is None else round(usage.cpu, 4),
        "ram": {"used": usage.ram_used, "total": usage.ram_total},
        "disk": {"used": usage.disk_used or None, "total": usage.disk_total},
        "rates": rates(at, counted(figures), *before) if before else dict.fromkeys(COUNTERS),
        "uptime_s": usage.uptime_s,
        "observed_at": rfc3339(datetime.fromtimestamp(at, UTC)),
    }


def is_measured_already(uptime_s: int | None, was_s: int | None, seconds: float) -> bool:
    """The cluster measures when it likes, so one measurement may be listed twice: a guest that runs has not stood still,
    and nothing of it is observed now."""
    return bool(uptime_s) and uptime_s == was_s and seconds >= LEAST_STEP_S


def rates(at: float, counts: Counts, was_at: float, was: Counts) -> Sizes:
    pairs = zip(COUNTERS, counts, was, strict=True)
    return {name: rate(count, before, at - was_at) for name, count, before in pairs}


def rate(count: int | None, was: int | None, seconds: float) -> int | None:
    """A counter that ran backwards began anew with its guest: no rate can be told."""
    if count is None or was is None or seconds <= 0 or count < was:
        return None
    return round((count - was) / seconds)
