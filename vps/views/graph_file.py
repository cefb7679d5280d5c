"""What a server has used, as the rows of a spreadsheet: plain numbers to reckon with. For the graphs beside it."""

from collections.abc import Iterator
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from vps.services import metrics
from vps.views.graph_series import when

NAMES = ("cpu", "ram_used", "ram_total", "disk_written", "disk_read", "net_out", "net_in")
COLUMNS = (
    _("Time, UTC"),
    _("CPU, percent"),
    _("Memory used, bytes"),
    _("Memory total, bytes"),
    _("Disk written, bytes a second"),
    _("Disk read, bytes a second"),
    _("Network out, bytes a second"),
    _("Network in, bytes a second"),
)


def rows(history: metrics.HistoryShape) -> Iterator[list[Any]]:
    """Times and decimals as a spreadsheet of the reader's language takes them."""
    for point in history["points"]:
        yield [f"{when(point):%Y-%m-%d %H:%M:%S}", *(cell(name, point[name]) for name in NAMES)]


def cell(name: str, value: float | None) -> str | int | None:
    if value is None:
        return None
    return number_format(round(value * 100, 2)) if name == "cpu" else round(value)
