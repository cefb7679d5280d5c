"""A server's use over time: the tab, and the points that it draws."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from vps.services import metrics
from vps.views.find import find_vps
from vps.views.tabs import GRAPHS, show_tab

TIMEFRAMES = {
    "hour": _("Hour"),
    "day": _("Day"),
    "week": _("Week"),
    "month": _("Month"),
    "year": _("Year"),
}


@require_GET
@login_required
def graphs(request: HttpRequest, id: int) -> HttpResponse:
    return show_tab(request, id, GRAPHS, timeframes=TIMEFRAMES.items())


@require_GET
@login_required
def history(request: HttpRequest, id: int, timeframe: str) -> JsonResponse:
    """Points for the graphs; `pending` means: ask again in a second."""
    if timeframe not in TIMEFRAMES:
        raise Http404
    return JsonResponse(metrics.history(find_vps(request, id), timeframe))
