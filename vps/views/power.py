"""What a power button leads to: the question before a hard one, and the press."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_http_methods

from vps import operations
from vps.models import Event, Vps
from vps.operations.verbs import VERBS
from vps.views import detail, list_parts
from vps.views.find import find_vps
from web.next_page import here, next_page
from web.notes import with_note


@require_http_methods(["GET", "POST"])
@login_required
def power(request: HttpRequest, id: int, name: str) -> HttpResponse:
    """GET asks whether it is meant, POST asks for it. The hypervisor is not waited for."""
    vps = find_vps(request, id)
    if name not in VERBS:
        raise Http404
    back = next_page(request, here(request) if request.htmx else resolve_url("vps:detail", id))  # type: ignore[attr-defined]
    if request.method == "GET":
        template = "vps/_confirm.html" if request.htmx else "vps/confirm.html"  # type: ignore[attr-defined]
        return render(request, template, {"vps": vps, "verb": VERBS[name], "back": back})
    operations.ask(vps, name, by=request.user, source=Event.Source.PAGE)
    answer = fragment_of(request, find_vps(request, id)) if request.htmx else redirect(back)  # type: ignore[attr-defined]
    return with_note(request, answer, str(VERBS[name].begun) % {"name": vps.name}, about=vps.pk)


def fragment_of(request: HttpRequest, vps: Vps) -> HttpResponse:
    """The fragment that the button stood in: a line of the list, or what changes by itself of the server's page."""
    if request.htmx.target == f"vps-{vps.pk}":  # type: ignore[attr-defined]
        return render(request, "vps/_row.html", {"row": list_parts.rows([vps])[0]})
    return detail.fragment_of(request, vps, detail.tab_on_screen(request))
