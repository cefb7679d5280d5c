"""Why a server is suspended, and what becomes of its power, as staff read it. For the admin of servers beside it."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from vps.models import Suspension, Vps
from web.errors import Sentence
from web.timestamps import in_utc

UNTOLD = "untold"


class ReasonFilter(admin.SimpleListFilter):
    """Of those that are suspended now."""

    title = _("suspended")
    parameter_name = "suspended"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*Suspension.Reason.choices, (UNTOLD, _("no reason given"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Vps]") -> "QuerySet[Vps]":
        if not self.value():
            return queryset
        known = Q(suspension__reason__gt="", suspension__ended_at=None)
        wanted = ~known if self.value() == UNTOLD else known & Q(suspension__reason=self.value())
        return queryset.filter(wanted, status=Vps.Status.SUSPENDED)


def reason_of(vps: Vps) -> str:
    """In a word, or ''."""
    current = vps.current_suspension
    return current.get_reason_display() if current else ""


def in_words(vps: Vps) -> list[str]:
    """A line each: why and since when, what the customer reads, where it is paid, and what is done to its guest."""
    if current := vps.current_suspension:
        return [
            why(current),
            *current.message.splitlines(),
            *filter(None, [current.pay_url]),
            str(power_of(vps, current)),
        ]
    kept = getattr(vps, "suspension", None)
    if kept is None or kept.ended_at is None or not kept.is_owed:
        return []
    return [_("ended %(when)s; its guest is to be started again") % {"when": in_utc(kept.ended_at)}]


def why(suspension: Suspension) -> str:
    reason = suspension.get_reason_display() or _("no reason given")
    return f"{reason}, {_('since %(when)s') % {'when': in_utc(suspension.since)}}" if suspension.since else str(reason)


def power_of(vps: Vps, suspension: Suspension) -> Sentence:
    """What the main site wants of the guest meanwhile, and whether it is so."""
    if suspension.power == Suspension.Power.KEEP:
        return _("its power is left as it is")
    if vps.observed["power"] == "stopped":
        return _("to be stopped: it is seen stopped")
    return _("to be stopped: it is not seen stopped, tried so often: %(count)s") % {"count": suspension.tries}
