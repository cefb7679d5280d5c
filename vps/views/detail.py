"""A server's first page, and the part of each of its pages that changes by itself."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from vps.models import Vps
from vps.views.find import find_vps
from vps.views.tabs import OVERVIEW, TABS, Tab, head_of

LATEST = 5


@require_GET
@login_required
def server(request: HttpRequest, id: int) -> HttpResponse:
    return render(request, "vps/server/overview.html", facts_of(find_vps(request, id), OVERVIEW))


@require_GET
@login_required
def status(request: HttpRequest, id: int) -> HttpResponse:
    """What of the tab that is named changes by itself: the head, and of the overview all below it."""
    return fragment_of(request, find_vps(request, id), TABS.get(request.GET.get("tab", ""), OVERVIEW))


def fragment_of(request: HttpRequest, vps: Vps, tab: Tab) -> HttpResponse:
    return render(request, "vps/server/_server.html", facts_of(vps, tab))


def tab_on_screen(request: HttpRequest) -> Tab:
    """The tab of the page that a fragment is asked for from."""
    path = urlsplit(request.htmx.current_url or "").path  # type: ignore[attr-defined]
    return TABS.get(path.rstrip("/").rpartition("/")[2], OVERVIEW)


def facts_of(vps: Vps, tab: Tab) -> dict[str, Any]:
    return head_of(vps, tab) | (overview_of(vps) if tab is OVERVIEW else {})


def overview_of(vps: Vps) -> dict[str, Any]:
    """What is known of one server, from our own tables and what was heard last."""
    latest = vps.operations.visible_to(vps.user_id).select_related("requested_by")[:LATEST]
    return {"operations": latest, "why_in_error": vps.why_in_error()}
