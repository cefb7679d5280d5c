"""A server's first page, and the part of each of its pages that changes by itself."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from vps.models import Event, Vps
from vps.operations.verbs import verb_of
from vps.services.usual_time import usual_time
from vps.views import tiles
from vps.views.entries import entries_of
from vps.views.failure import failure_of
from vps.views.find import find_vps
from vps.views.stages import stages_of
from vps.views.tabs import OVERVIEW, TABS, Tab, head_of
from vps.views.trouble import trouble_of

LATEST = 5


@require_GET
@login_required
def server(request: HttpRequest, id: int) -> HttpResponse:
    return render(request, "vps/server/overview.html", facts_of(find_vps(request, id), OVERVIEW, request.user))


@require_GET
@login_required
def status(request: HttpRequest, id: int) -> HttpResponse:
    """What of the tab that is named changes by itself: the head, and of the overview all below it."""
    return fragment_of(request, find_vps(request, id), TABS.get(request.GET.get("tab", ""), OVERVIEW))


def fragment_of(request: HttpRequest, vps: Vps, tab: Tab) -> HttpResponse:
    return render(request, "vps/server/_server.html", facts_of(vps, tab, request.user))


def tab_on_screen(request: HttpRequest) -> Tab:
    """The tab of the page that a fragment is asked for from."""
    path = urlsplit(request.htmx.current_url or "").path  # type: ignore[attr-defined]
    return TABS.get(path.rstrip("/").rpartition("/")[2], OVERVIEW)


def facts_of(vps: Vps, tab: Tab, reader: Any) -> dict[str, Any]:
    """What is known of one server, from our own tables and what was heard last."""
    head = head_of(vps, tab)
    return head | overview_of(vps, head["usage"], reader) if tab is OVERVIEW else head


def overview_of(vps: Vps, usage: dict[str, Any] | None, reader: Any) -> dict[str, Any]:
    return {
        "failure": failure_of(vps, reader),
        "trouble": trouble_of(vps, vps.why_in_error()),
        "entries": entries_of(Event.objects.activity_of(vps)[:LATEST], reader),
        "ssh": ssh_to(vps),
        **tiles.of(vps, usage),
        **operation_of(vps, reader),
    }


def operation_of(vps: Vps, reader: Any) -> dict[str, Any]:
    """How far what is under way is, and how long it usually takes."""
    operation = vps.open_operation
    if operation is None:
        return {}
    stages = stages_of(operation, reader)
    now = next(stage for stage in stages if stage.state == "now")
    noun = verb_of(operation).noun
    return {"stages": stages, "noun": noun, "told": f"{noun}: {now.label}", "usual": usual_time(operation)}


def ssh_to(vps: Vps) -> str:
    """The command that leads into its system; '' where it has no address, or listens to no ssh."""
    return f"ssh root@{vps.ip_address}" if vps.ip_address and "windows" not in vps.os.lower() else ""
