"""A server's use over time: the tab with its graphs, the same figures as a table and as a file, and what is drawn."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from vps import figures
from vps.models import Vps
from vps.services import metrics
from vps.views import graph_file, graph_series
from vps.views.find import find_vps
from vps.views.tabs import GRAPHS, head_of
from web.spreadsheet import download

TIMEFRAMES = {
    "hour": _("Hour"),
    "day": _("Day"),
    "week": _("Week"),
    "month": _("Month"),
    "year": _("Year"),
}
VIEWS = ("graphs", "table", "csv")


@require_GET
@login_required
def graphs(request: HttpRequest, id: int) -> HttpResponse:
    """`?range=` says how far back, and `?view=` whether as graphs, as a table or as a CSV file."""
    timeframe, view = request.GET.get("range", "hour"), request.GET.get("view", "graphs")
    if timeframe not in TIMEFRAMES or view not in VIEWS:
        raise Http404
    vps = find_vps(request, id)
    history = metrics.history(vps, timeframe)
    if view == "csv":
        return file_of(vps, timeframe, history)
    answer = render(request, "vps/server/graphs.html", page_of(vps, timeframe, view, history))
    if view == "table" and history["state"] == "pending":
        answer["Refresh"] = "2"
    return answer


@require_GET
@login_required
def history(request: HttpRequest, id: int, timeframe: str) -> JsonResponse:
    """Points for the graphs, what they are, and what is used `now`; `pending` means: ask again in a second."""
    if timeframe not in TIMEFRAMES:
        raise Http404
    vps = find_vps(request, id)
    history = metrics.history(vps, timeframe)
    facts: dict[str, Any] = {"state": state_of(history), "now": now_of(metrics.usage(vps))}
    facts |= {"age_s": age_of(history), "mean": graph_series.mean(history["points"])}
    return JsonResponse(history | facts)


def page_of(vps: Vps, timeframe: str, view: str, history: metrics.HistoryShape) -> dict[str, Any]:
    head = head_of(vps, GRAPHS)
    total = (head["usage"] or {"ram": {"total": None}})["ram"]["total"] or vps.ram * figures.MB
    facts = {"timeframe": timeframe, "timeframes": TIMEFRAMES.items(), "view": view, "total": total}
    facts |= {"state": state_of(history), "graphs": graph_series.GRAPHS, "words": words()}
    return head | facts | (graph_series.table_of(history) if view == "table" else {})


def state_of(history: metrics.HistoryShape) -> str:
    """A history of nothing but gaps is none."""
    is_measured = any(point.get(name) is not None for point in history["points"] for name in graph_series.NAMES)
    return history["state"] if history["state"] != "ready" or is_measured else "unavailable"


def words() -> dict[str, str]:
    """What static/graphs.js writes figures with, each `{}` in it for a number."""
    return figures.patterns() | {
        "now": str(_("now")),
        "peak": str(_("peak")),
        "age-s": str(_("updated %(time)s s ago")) % {"time": "{}"},
        "age-min": str(_("updated %(time)s min ago")) % {"time": "{}"},
        "waiting": str(_("Asking the hypervisor…")),
        "unavailable": str(_("No measurements for this time")),
        "failed": str(_("The panel does not answer. It will be asked again by itself.")),
    }


def now_of(usage: dict[str, Any] | None) -> dict[str, float | None] | None:
    """By the names that a point has."""
    if not usage or usage["uptime_s"] == 0:
        return None
    return {"cpu": usage["cpu"], "ram_used": usage["ram"]["used"], **usage["rates"]}


def age_of(history: metrics.HistoryShape) -> float | None:
    """By our clock: a browser's may be hours off."""
    if "fetched_at" not in history:
        return None
    return max(0.0, (timezone.now() - datetime.fromisoformat(history["fetched_at"])).total_seconds())


def file_of(vps: Vps, timeframe: str, history: metrics.HistoryShape) -> HttpResponse:
    """Of what is not there yet the table tells."""
    if state_of(history) != "ready":
        return redirect(f"{reverse('vps:graphs', args=[vps.pk])}?range={timeframe}&view=table")
    return download([graph_file.COLUMNS, *graph_file.rows(history)], f"server-{vps.pk}-{timeframe}")
