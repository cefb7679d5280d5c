"""What was done with a server and what became of it, by day: the tab, its next rows, and the same as a spreadsheet."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from vps.models import Event, Vps
from vps.views.activity_page import page_below, page_down_to
from vps.views.entries import entries_of
from vps.views.find import find_vps
from vps.views.tabs import ACTIVITY, head_of
from web.reader_zone import zone_of
from web.spreadsheet import download
from web.timestamps import rfc3339

MOST_OF_A_FILE = 10_000
IS_POWER = Q(type__in=[Event.Type.OPERATION_QUEUED, Event.Type.VPS_STATUS_CHANGED])
IS_FAILED = Q(operation__state="failed") & ~Q(operation__error_code="superseded")
# By the word of the address: its label, and which rows it shows.
KINDS = {
    "all": (_("All"), Q()),
    "power": (_("Power"), IS_POWER),
    "changes": (_("Changes"), ~IS_POWER),
    "failed": (pgettext_lazy("of operations", "Failed"), IS_FAILED),
}
COLUMNS = (_("Time, UTC"), _("What"), _("Result"), _("Who"), _("From where"), _("Operation"), _("Code"))


@require_GET
@login_required
def activity(request: HttpRequest, id: int) -> HttpResponse:
    """`?kind=` shows a part of it. `?before=` goes on below a row; `?since=` are the rows down to one, for an open page."""
    vps, kind = find_vps(request, id), request.GET.get("kind", "all")
    if kind not in KINDS:
        raise Http404
    found = Event.objects.activity_of(vps).filter(KINDS[kind][1])
    if request.GET.get("view") == "csv":
        return file_of(vps, found, request)
    since, before, zone = row_named(request, "since"), row_named(request, "before"), zone_of(request)
    page = page_down_to(found, since, request.user, zone) if since else page_below(found, before, request.user, zone)
    counts = counts_of(vps)
    total = next((count for name, _label, count in counts if name == kind), 0)
    page |= {"vps": vps, "kind": kind, "before": before, "counts": counts, "total": total}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "vps/server/_activity.html", page)
    return render(request, "vps/server/activity.html", head_of(vps, ACTIVITY) | page)


def row_named(request: HttpRequest, name: str) -> int | None:
    """The id of a row, as a link of ours has it."""
    text = request.GET.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    return int(text) if text else None


def counts_of(vps: Vps) -> list[tuple[str, Any, int]]:
    """The chips, each with how many rows it shows, in one query. One that shows none is left out, but for the first."""
    asked = {name: Count("pk", filter=where) if where else Count("pk") for name, (_label, where) in KINDS.items()}
    found = Event.objects.activity_of(vps).order_by().aggregate(**asked)
    return [(name, label, found[name]) for name, (label, _where) in KINDS.items() if found[name] or name == "all"]


def file_of(vps: Vps, found: Any, request: HttpRequest) -> HttpResponse:
    """As spreadsheets of the reader's language open it."""
    entries = entries_of(found[:MOST_OF_A_FILE], request.user)
    lines = (
        [
            rfc3339(entry.at),
            entry.what,
            entry.result,
            entry.asker.who,
            entry.asker.channel,
            entry.operation and entry.operation.pk,
            entry.operation and entry.operation.error_code,
        ]
        for entry in entries
    )
    return download([COLUMNS, *lines], f"server-{vps.pk}-activity")
