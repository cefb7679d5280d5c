"""What a server uses now, as the four tiles of its first page, each with its last hour. For the view of that page.

The last hour is what was heard already: where it was not, a worker is asked for it, and the tile shows its number alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vps import figures
from vps.models import Vps
from vps.services import metrics
from vps.views import sparkline
from vps.views.sparkline import Line

# Beyond this share a use is worth a look.
MUCH = 0.85
# Of a machine that does next to nothing, the noise of a few bytes is no mountain.
LEAST_RATE = 10 * 1024
Points = list[dict[str, Any]]


@dataclass(frozen=True)
class Tile:
    """`value` is written large and `words` behind it; `lines` are the first, which is filled, and the second."""

    label: str
    value: str
    words: str
    hint: str
    lines: Sequence[Line]
    is_much: bool = False


def of(vps: Vps, usage: dict[str, Any] | None) -> dict[str, Any]:
    """For the template `vps/server/_tiles.html`: the tiles, or in one sentence why there are none."""
    if usage and usage["uptime_s"] != 0 and vps.shown.word == "running":
        points = metrics.history(vps, "hour")["points"]
        return {"tiles": [cpu(vps, usage, points), memory(usage, points), disk(usage, points), network(usage, points)]}
    return {"tiles": [], "why_no_tiles": why_none(vps)}


def why_none(vps: Vps) -> str:
    """Nothing of a server that is bound to no guest: its page says what it waits for."""
    if not hasattr(vps, "placement"):
        return ""
    if vps.shown.word == "running":
        return _("No measurements in the last minute.")
    if vps.shown.is_seen:
        return _("The server is not running, so it uses nothing now.")
    return _("The load is not known: the panel does not see the server now.")


def cpu(vps: Vps, usage: dict[str, Any], points: Points) -> Tile:
    words = ngettext("of %(count)d core", "of %(count)d cores", vps.cpu) % {"count": vps.cpu}
    now = usage["cpu"]
    hint = peak(points, "cpu", now, figures.percent)
    return Tile(_("CPU"), figures.percent(now), words, hint, drawn(points, ["cpu"], 1), is_more(now, 1))


def memory(usage: dict[str, Any], points: Points) -> Tile:
    used, total = usage["ram"]["used"], usage["ram"]["total"]
    hint = peak(points, "ram_used", used, figures.measured)
    return Tile(_("Memory"), *part_of(used, total), hint, drawn(points, ["ram_used"], total), is_more(used, total))


def disk(usage: dict[str, Any], points: Points) -> Tile:
    """How full it is, where that is known (of a virtual machine it is not), and what goes through it."""
    used, total, rates = usage["disk"]["used"], usage["disk"]["total"], usage["rates"]
    written, read = figures.rate(rates["disk_written"]), figures.rate(rates["disk_read"])
    lines = drawn_rates(points, ["disk_written", "disk_read"])
    if used is None:
        hint = _("reads %(rate)s") % {"rate": read}
        return Tile(_("Disk"), *with_words(rates["disk_written"], _("%(unit)s/s written")), hint, lines)
    hint = _("writes %(written)s, reads %(read)s") % {"written": written, "read": read}
    return Tile(_("Disk"), *part_of(used, total), hint, lines, is_more(used, total))


def network(usage: dict[str, Any], points: Points) -> Tile:
    rates = usage["rates"]
    hint = _("%(rate)s in") % {"rate": figures.rate(rates["net_in"])}
    value, words = with_words(rates["net_out"], _("%(unit)s/s out"))
    return Tile(_("Network"), value, words, hint, drawn_rates(points, ["net_out", "net_in"]))


def part_of(used: float | None, total: float | None) -> tuple[str, str]:
    """3.6 of 8 GB, and 512 MB of 8 GB where the units differ."""
    words = _("of %(amount)s") % {"amount": figures.amount(total)} if total else ""
    if used is None:
        return "—", words
    number, unit = figures.apart(used)
    return (number, words) if total and figures.apart(total)[1] == unit else (number, f"{unit} {words}".strip())


def with_words(count: float | None, words: str) -> tuple[str, str]:
    """122 and KB/s out."""
    if count is None:
        return "—", ""
    number, unit = figures.apart(count)
    return number, words % {"unit": unit}


def is_more(part: float | None, whole: float | None) -> bool:
    return bool(part and whole and part / whole > MUCH)


def peak(points: Points, name: str, now: float | None, written: Callable[[float], str]) -> str:
    """The largest of the means that the hypervisor keeps of each minute, and of now."""
    known = [value for value in (*(point[name] for point in points), now) if points and value is not None]
    return _("1 h peak %(value)s") % {"value": written(max(known))} if known else ""


def drawn(points: Points, names: list[str], top: float | None) -> list[Line]:
    """Nothing of what was not measured."""
    if not points or not top:
        return []
    lines = [sparkline.draw([(point["time"], point[name]) for point in points], top) for name in names]
    return [line for line in lines if line.line]


def drawn_rates(points: Points, names: list[str]) -> list[Line]:
    """Both by one measure."""
    known = [point[name] for point in points for name in names if point[name] is not None]
    return drawn(points, names, max([LEAST_RATE, *known]) * 1.1)
