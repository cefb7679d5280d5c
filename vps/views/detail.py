"""One server's page, the part of it that changes by itself, and the points of its graphs."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from vps.models import Vps
from vps.services import metrics
from vps.views.find import find_vps

LATEST = 10
TIMEFRAMES = {
    "hour": _("Hour"),
    "day": _("Day"),
    "week": _("Week"),
    "month": _("Month"),
    "year": _("Year"),
}


@require_GET
@login_required
def server(request: HttpRequest, id: int) -> HttpResponse:
    return render(request, "vps/detail.html", facts_of(find_vps(request, id)) | {"timeframes": TIMEFRAMES.items()})


@require_GET
@login_required
def status(request: HttpRequest, id: int) -> HttpResponse:
    return render(request, "vps/_status.html", facts_of(find_vps(request, id)))


@require_GET
@login_required
def history(request: HttpRequest, id: int, timeframe: str) -> JsonResponse:
    """Points for the graphs; `pending` means: ask again in a second."""
    if timeframe not in TIMEFRAMES:
        raise Http404
    return JsonResponse(metrics.history(find_vps(request, id), timeframe))


def facts_of(vps: Vps) -> dict[str, Any]:
    """What is known of one server, from our own tables and what was heard last."""
    latest = vps.operations.visible_to(vps.user_id).select_related("requested_by")[:LATEST]
    return {"vps": vps, "usage": metrics.usage(vps), "operations": latest, "why_in_error": vps.why_in_error()}
