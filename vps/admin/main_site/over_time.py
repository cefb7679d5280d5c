"""How the main site's calls ended, over time: bars one upon the other, and the same in numbers."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vps.admin.main_site.section import WINDOWS, Section, Window, chosen
from vps.models import SyncCall

# Units of the drawing, which the page stretches: a period's width, its bar's, and the height of the highest.
STEP, BAR, HEIGHT = 10, 8, 1000
Counts = Counter[tuple[datetime, str]]


def facts(request: HttpRequest) -> dict[str, Any]:
    name = chosen(request)
    window = WINDOWS[name]
    periods = window.periods()
    counts = counted(window, periods[0])
    totals = {result: sum(counts[at, result] for at in periods) for result in SyncCall.Result}
    results = [result for result, total in totals.items() if total]
    highest = max(sum(counts[at, result] for result in results) for at in periods)
    return {
        "windows": [(key, window.title, key == name) for key, window in WINDOWS.items()],
        "title": window.title,
        "labels": [at.strftime(window.label) for at in (periods[0], periods[len(periods) // 2], periods[-1])],
        "legend": [(result, totals[result]) for result in results],
        "highest": highest,
        "width": STEP * len(periods),
        "height": HEIGHT,
        "bar": BAR,
        "pieces": [piece for column, at in enumerate(periods) for piece in pile(counts, column, at, results, highest)],
        "rows": [(at, [counts[at, result] for result in results]) for at in reversed(periods)],
    }


def counted(window: Window, since: datetime) -> Counts:
    rows = SyncCall.objects.since(since).by_result(window.trunc("at", tzinfo=UTC))
    return Counter({(row["period"], row["result"]): row["calls"] for row in rows})


def pile(counts: Counts, column: int, at: datetime, results: list[Any], highest: int) -> list[dict[str, Any]]:
    """The pieces of one bar, from the ground up."""
    pieces, below = [], 0
    for result in results:
        count = counts[at, result]
        if count:
            top = HEIGHT - HEIGHT * (below + count) // highest
            height = HEIGHT - HEIGHT * below // highest - top
            text = _("%(when)s UTC, %(result)s: %(count)s")
            when = {"when": at.strftime("%Y-%m-%d %H:%M"), "result": result.label, "count": count}
            pieces.append({"x": STEP * column, "y": top, "height": height, "result": result, "said": text % when})
        below += count
    return pieces


SECTION = Section(gettext_lazy("How calls ended"), "admin/vps/synccall/_over_time.html", facts)
