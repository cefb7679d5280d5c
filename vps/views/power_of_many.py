"""The same verb for many servers: what can be done with those that are chosen, the question, and the press."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from vps import operations
from vps.errors import VpsNotFound
from vps.models import Event, Vps
from vps.operations.verb import Verb
from vps.operations.verbs import VERBS
from vps.views.list_address import ids_of
from vps.views.server_list import answer_with_rows
from web.errors import InvalidInput, PanelError
from web.next_page import here, next_page
from web.notes import with_note

MOST = 50
# So many are named one by one in what is said afterwards.
NAMED = 5


@require_GET
@login_required
def chosen(request: HttpRequest) -> HttpResponse:
    """Where there is no JavaScript: the verbs that can be asked for, each with of how many."""
    servers = servers_of(request, request.GET)
    verbs = [(verb, len(possible(servers, verb))) for verb in VERBS.values() if not verb.is_harsh]
    return render(request, "vps/chosen.html", {"servers": servers, "verbs": verbs, "back": back_of(request)})


@require_http_methods(["GET", "POST"])
@login_required
def power_of_many(request: HttpRequest, name: str) -> HttpResponse:
    """GET asks whether it is meant, and of which servers; POST asks for it of each by itself."""
    if name not in VERBS:
        raise Http404
    verb = VERBS[name]
    if request.method == "GET":
        return question(request, verb, possible(servers_of(request, request.GET), verb))
    servers = servers_of(request, request.POST)
    text, is_refusal = summary(verb, operations.ask_each(servers, name, by=request.user, source=Event.Source.PAGE))
    ids = [vps.pk for vps in servers]
    answer = answer_with_rows(request, ids) if request.htmx else redirect(back_of(request))  # type: ignore[attr-defined]
    return with_note(request, answer, text, is_refusal=is_refusal)


def servers_of(request: HttpRequest, query: QueryDict) -> list[Vps]:
    """In the order of their names; those of others are as if they were not there."""
    ids = ids_of(query)
    if len(ids) > MOST:
        raise InvalidInput(_("At most %(most)d servers at a time.") % {"most": MOST})
    servers = list(Vps.objects.visible_to(request.user).with_state().filter(pk__in=ids).in_order("name"))
    if not servers:
        raise VpsNotFound
    return servers


def possible(servers: list[Vps], verb: Verb) -> list[Vps]:
    return [vps for vps in servers if verb in operations.pressable(vps)]


def question(request: HttpRequest, verb: Verb, servers: list[Vps]) -> HttpResponse:
    if not servers:
        raise InvalidInput(_("This is not possible for any of these servers now."))
    template = "vps/_confirm_many.html" if request.htmx else "vps/confirm_many.html"  # type: ignore[attr-defined]
    asked = verb.question_about([vps.name for vps in servers])
    return render(request, template, {"servers": servers, "verb": verb, "question": asked, "back": back_of(request)})


def back_of(request: HttpRequest) -> str:
    return next_page(request, here(request) if request.htmx else "/")  # type: ignore[attr-defined]


def summary(verb: Verb, outcomes: "list[tuple[Vps, PanelError | None]]") -> tuple[str, bool]:
    """What was accepted, and of what was refused, whose and why; and whether anything was."""
    accepted = [vps.name for vps, refusal in outcomes if refusal is None]
    refused: dict[str, list[str]] = {}
    for vps, refusal in outcomes:
        if refusal:
            refused.setdefault(str(refusal.message), []).append(vps.name)
    sentences = [begun(verb, accepted)] if accepted else []
    return ". ".join(sentences + [f"{listed(names)}: {why}" for why, names in refused.items()]), bool(refused)


def begun(verb: Verb, names: list[str]) -> str:
    if len(names) == 1:
        return str(verb.begun) % {"name": names[0]}
    return _("%(what)s: accepted for %(names)s") % {"what": verb.noun, "names": listed(names)}


def listed(names: list[str]) -> str:
    more = len(names) - NAMED
    also = [ngettext("%(count)d more", "%(count)d more", more) % {"count": more}] if more > 0 else []
    return ", ".join(names[:NAMED] + also)
