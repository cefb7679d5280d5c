"""What is drawn of a server's use, and the same figures as a table. For the graphs beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext_lazy as _

from vps import figures
from vps.services import metrics
from web.errors import Sentence
from web.time_spans import span


@dataclass(frozen=True)
class Series:
    """`key` stands in the legend, `label` before a value and above a column."""

    name: str
    key: Sentence
    label: Sentence
    column: Sentence
    written: Callable[[float | None], str]


@dataclass(frozen=True)
class Graph:
    """`kind` says which values its axis has: a share, a size of what there is, or a rate."""

    name: str
    kind: str
    title: Sentence
    series: Sequence[Series]


GRAPHS = (
    Graph("cpu", "share", _("CPU"), [Series("cpu", "", _("CPU"), _("CPU"), figures.percent)]),
    Graph(
        "memory", "size", _("Memory"),
        [Series("ram_used", "", _("Used"), _("Memory"), figures.measured)],
    ),
    Graph(
        "disk", "rate", _("Disk"),
        [
            Series("disk_written", _("written"), _("Written"), _("Disk, written"), figures.rate),
            Series("disk_read", _("read"), _("Read"), _("Disk, read"), figures.rate),
        ],
    ),
    Graph(
        "network", "rate", _("Network"),
        [
            Series("net_out", _("out"), _("Out"), _("Network, out"), figures.rate),
            Series("net_in", _("in"), _("In"), _("Network, in"), figures.rate),
        ],
    ),
)  # fmt: skip
SERIES = [series for graph in GRAPHS for series in graph.series]
NAMES = [series.name for series in SERIES]
# The hypervisor's archive has means alone.
MEAN = _("Each point is an average over %(time)s, so shorter peaks look lower.")


def table_of(history: metrics.HistoryShape) -> dict[str, Any]:
    """Rows with the newest first, the peaks above them, and from when to when they are."""
    points = history["points"]
    if not points:
        return {"series": SERIES, "rows": []}
    rows = [(when(point), [series.written(point[series.name]) for series in SERIES]) for point in reversed(points)]
    peaks = [series.written(largest(points, series.name)) for series in SERIES]
    return {
        "series": SERIES,
        "rows": rows,
        "peaks": peaks,
        "begin": rows[-1][0],
        "end": rows[0][0],
        "mean": mean(points),
    }


def when(point: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(point["time"], UTC)


def largest(points: list[dict[str, Any]], name: str) -> float | None:
    return max((point[name] for point in points if point[name] is not None), default=None)


def mean(points: list[dict[str, Any]]) -> str:
    """Over how long each point is one, as most of them say: steps change with the hypervisor's version."""
    steps = sorted(after["time"] - before["time"] for before, after in pairwise(points))
    if not steps:
        return ""
    return str(MEAN) % {"time": span(steps[len(steps) // 2])}
