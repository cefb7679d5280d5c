"""Power operations on selected servers: the actions of the list of servers. The hard ones ask first."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from vps import operations
from vps.models import Event, Operation, Vps
from web.errors import PanelError, Sentence

Action = Callable[[Any, HttpRequest, "QuerySet[Vps]"], HttpResponse | None]

# name: (what it is called, kind, forced, asks first)
ACTIONS: dict[str, tuple[Sentence, str, bool, bool]] = {
    "power_start": (_("Start"), Operation.Kind.START, False, False),
    "power_stop": (_("Stop"), Operation.Kind.STOP, False, True),
    "power_reboot": (_("Reboot"), Operation.Kind.REBOOT, False, False),
    "power_restart": (_("Hard restart"), Operation.Kind.RESTART, False, True),
    "power_force_stop": (_("Force stop"), Operation.Kind.STOP, True, True),
}


def action(name: str) -> Action:
    label, kind, force, asks = ACTIONS[name]

    def act(model_admin: Any, request: HttpRequest, chosen: "QuerySet[Vps]") -> HttpResponse | None:
        if asks and "confirmed" not in request.POST:
            return ask(request, model_admin, name, label, chosen)
        tell(request, [outcome(request, vps, kind, force) for vps in chosen.select_related("placement")])
        return None

    act.__name__ = name
    return admin.action(act, permissions=["change"], description=label)  # type: ignore[arg-type]


def ask(
    request: HttpRequest, model_admin: Any, name: str, label: Sentence, chosen: "QuerySet[Vps]"
) -> TemplateResponse:
    context = model_admin.admin_site.each_context(request) | {
        "title": label,
        "action": name,
        "chosen": chosen.select_related("user"),
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/vps/confirm_power.html", context)


def outcome(request: HttpRequest, vps: Vps, kind: str, force: bool) -> str:
    """'' where it was queued, else why not. Each server stands alone, so its refusal is caught here."""
    try:
        operations.request(vps, kind, by=request.user, source=Event.Source.ADMIN, force=force)
    except PanelError as refusal:
        return str(_("Server %(name)s: %(why)s") % {"name": vps.name, "why": refusal.message})
    return ""


def tell(request: HttpRequest, outcomes: list[str]) -> None:
    refused = [line for line in outcomes if line]
    queued = len(outcomes) - len(refused)
    if queued:
        messages.success(request, ngettext("%d operation is queued.", "%d operations are queued.", queued) % queued)
    for line in refused:
        messages.warning(request, line)
