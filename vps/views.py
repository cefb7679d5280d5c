"""The customer's pages, and the fragments that keep an open page true. They translate; services decide."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from vps import operations
from vps.errors import VpsNotFound
from vps.models import Event, Operation, Vps
from vps.services import metrics

PAGE = 50
LATEST = 10
TIMEFRAMES = {
    "hour": _("Hour"),
    "day": _("Day"),
    "week": _("Week"),
    "month": _("Month"),
    "year": _("Year"),
}
FORCE_STOP = "force-stop"
WARNINGS = {
    "start": _("The server will be started."),
    "stop": _("The server's system is asked to shut down; if it has not done so within a minute, the power is cut."),
    "reboot": _("The server's system is asked to restart itself."),
    "restart": _("The power is cut and comes back at once. What was not written to disk is lost."),
    FORCE_STOP: _("The power is cut at once. What was not written to disk is lost."),
}


@require_GET
@login_required
def server_list(request: HttpRequest) -> HttpResponse:
    text, status = request.GET.get("q", "").strip(), request.GET.get("status", "")
    mine = Vps.objects.visible_to(request.user)
    found = mine.matching(text).seen_as(status).with_state().order_by("name", "pk")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "q": text,
        "status": status,
        "statuses": Vps.SEEN_AS.items(),
        "has_any": bool(page.paginator.count) or mine.exists(),
    }
    return render(request, "vps/_list.html" if request.htmx else "vps/list.html", context)  # type: ignore[attr-defined]


@require_GET
@login_required
def server(request: HttpRequest, id: int) -> HttpResponse:
    return render(request, "vps/detail.html", about(get_vps(request, id)) | {"timeframes": TIMEFRAMES.items()})


@require_GET
@login_required
def status(request: HttpRequest, id: int) -> HttpResponse:
    """All of the server's page that changes by itself."""
    return render(request, "vps/_status.html", about(get_vps(request, id)))


@require_GET
@login_required
def row(request: HttpRequest, id: int) -> HttpResponse:
    """One line of the list."""
    return render(request, "vps/_row.html", {"vps": get_vps(request, id)})


@require_GET
@login_required
def history(request: HttpRequest, id: int, timeframe: str) -> JsonResponse:
    """Points for the graphs; `pending` means: ask again in a second."""
    if timeframe not in TIMEFRAMES:
        raise Http404
    return JsonResponse(metrics.history(get_vps(request, id), timeframe))


@require_http_methods(["GET", "POST"])
@login_required
def power_page(request: HttpRequest, id: int, kind: str) -> HttpResponse:
    """GET asks whether it is meant, POST asks for it. The hypervisor is not waited for."""
    vps = get_vps(request, id)
    if kind not in WARNINGS:
        raise Http404
    if request.method == "GET":
        template = "vps/_confirm.html" if request.htmx else "vps/confirm.html"  # type: ignore[attr-defined]
        return render(request, template, {"vps": vps, "word": kind, "warning": WARNINGS[kind]})
    force = kind == FORCE_STOP
    asked = Operation.Kind.STOP if force else kind
    operations.ask(vps, asked, by=request.user, source=Event.Source.PAGE, force=force)
    if request.htmx:  # type: ignore[attr-defined]
        return answer_htmx(request, get_vps(request, id))
    return redirect("vps:detail", id)


def answer_htmx(request: HttpRequest, vps: Vps) -> HttpResponse:
    """The fragment that the button stood in: a line of the list, or the state of the server's page."""
    if request.htmx.target == f"vps-{vps.pk}":  # type: ignore[attr-defined]
        return render(request, "vps/_row.html", {"vps": vps})
    return render(request, "vps/_status.html", about(vps))


def about(vps: Vps) -> dict[str, Any]:
    """What is known of one server, from our own tables and what was heard last."""
    latest = vps.operations.visible_to(vps.user_id).select_related("requested_by")[:LATEST]
    return {"vps": vps, "usage": metrics.usage(vps), "operations": latest, "why_in_error": vps.why_in_error()}


def get_vps(request: HttpRequest, id: int) -> Vps:
    """Somebody else's is not there."""
    vps: Vps | None = Vps.objects.visible_to(request.user).with_state().filter(pk=id).first()
    if vps is None:
        raise VpsNotFound
    return vps
