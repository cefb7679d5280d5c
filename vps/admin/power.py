"""The verbs on selected servers: the actions of the list of servers. The hard ones ask first."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from vps import operations
from vps.models import Event, Vps
from vps.operations.verb import Verb
from vps.operations.verbs import VERBS
from web.errors import PanelError

Action = Callable[[Any, HttpRequest, "QuerySet[Vps]"], HttpResponse | None]


def action_of(verb: Verb) -> Action:
    def act(model_admin: Any, request: HttpRequest, chosen: "QuerySet[Vps]") -> HttpResponse | None:
        if verb.asks_first and "confirmed" not in request.POST:
            return confirmation(request, model_admin, verb, chosen)
        flash(request, [outcome(request, vps, verb) for vps in chosen.select_related("placement")])
        return None

    act.__name__ = action_name(verb)
    return admin.action(act, permissions=[verb.permission], description=verb.label)  # type: ignore[arg-type]


def action_name(verb: Verb) -> str:
    return f"power_{verb.name.replace('-', '_')}"


ACTIONS = [action_of(verb) for verb in VERBS.values()]
# The verbs of the buttons on a server's own page, by the action that each asks for.
BUTTONS = {action_name(verb): verb for verb in VERBS.values()}


def confirmation(request: HttpRequest, model_admin: Any, verb: Verb, chosen: "QuerySet[Vps]") -> TemplateResponse:
    servers = chosen.select_related("user")
    context = model_admin.admin_site.each_context(request) | {
        "title": verb.question_about([vps.name for vps in servers]),
        "label": verb.label,
        "warning": verb.warning,
        "action": action_name(verb),
        "chosen": servers,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/vps/confirm_power.html", context)


def outcome(request: HttpRequest, vps: Vps, verb: Verb) -> str:
    """'' where it was queued, else why not. Each server stands alone, so its refusal is caught here."""
    try:
        operations.request(vps, verb.name, by=request.user, source=Event.Source.ADMIN)
    except PanelError as refusal:
        return str(_("Server %(name)s: %(why)s") % {"name": vps.name, "why": refusal.message})
    return ""


def flash(request: HttpRequest, outcomes: list[str]) -> None:
    refused = [line for line in outcomes if line]
    queued = len(outcomes) - len(refused)
    if queued:
        messages.success(request, ngettext("%d operation is queued.", "%d operations are queued.", queued) % queued)
    for line in refused:
        messages.warning(request, line)
