"""Trouble with servers: their guests, their suspensions, their creation. The table of kinds has it."""

from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from vps.attention.kind import Kind
from vps.models import Placement, Suspension, Vps, WhyUnbound
from web.errors import Sentence

# The main site makes most servers in a few minutes, and the panel gives them up after an hour.
LONG_CREATING = timedelta(minutes=15)
# Most guests are down in five minutes, and a node that restarts is back by then.
LONG_UNENFORCED = timedelta(minutes=15)


def placed(found: "QuerySet[Placement]") -> "QuerySet[Vps]":
    rows: QuerySet[Vps] = Vps.objects.filter(placement__in=found)
    return rows


def unenforced() -> "QuerySet[Vps]":
    """But for guests that were seen stopped meanwhile: one that starts by itself has just begun to be stopped again."""
    long_ago = timezone.now() - LONG_UNENFORCED
    reported = {"cluster__seen_at__gt": long_ago, "missing_since": None, "doubted_since": None}
    is_news = Placement.objects.filter(Q(power_since__gt=long_ago) | Q(power="stopped", **reported))
    due = Suspension.objects.unenforced(long_ago).exclude(pk__in=is_news.values("vps_id"))
    rows: QuerySet[Vps] = Vps.objects.filter(pk__in=due.values("vps_id"))
    return rows


def long_creating() -> "QuerySet[Vps]":
    found: QuerySet[Vps] = Vps.objects.creating_since_before(timezone.now() - LONG_CREATING)
    return found


def why_unbound(reason: str, _detail: str) -> Sentence:
    return dict(WhyUnbound.Reason.choices).get(reason, _("not looked for by name yet"))


def kind(key: str, icon: str, title: Any, **more: Any) -> Kind:
    return Kind(**{"key": key, "icon": icon, "title": title, "model": Vps, "label": F("name")} | more)


MISMATCHED = kind(
    "mistaken",
    "replace",
    ngettext_lazy("Server in whose place another guest stands", "Servers in whose place another guest stands", "count"),
    rows=lambda: placed(Placement.objects.mismatched()),
    since=F("placement__missing_since"),
)
GONE = kind(
    "gone",
    "ghost",
    ngettext_lazy(
        "Server whose guest is gone from its cluster", "Servers whose guests are gone from their cluster", "count"
    ),
    rows=lambda: placed(Placement.objects.gone()),
    since=F("placement__missing_since"),
    detail=F("placement__cluster__name"),
)
UNSEEN = kind(
    "unseen",
    "eye-off",
    ngettext_lazy(
        "Server that nobody sees, though its cluster answers",
        "Servers that nobody sees, though their cluster answers",
        "count",
    ),
    rows=lambda: placed(Placement.objects.unseen()),
    since=F("placement__power_since"),
    detail=F("placement__node"),
)
RUNNING_SUSPENDED = kind(
    "suspended-and-on",
    "lock-open",
    ngettext_lazy("Suspended server is switched on", "Suspended servers are switched on", "count"),
    rows=lambda: placed(Placement.objects.running_suspended()),
    since=F("placement__power_since"),
)
UNENFORCED = kind(
    "suspended-and-not-stopped",
    "lock-open",
    ngettext_lazy(
        "Suspended server that the panel is to stop, and has not seen stopped for 15 minutes",
        "Suspended servers that the panel is to stop, and has not seen stopped for 15 minutes",
        "count",
    ),
    rows=unenforced,
    since=F("suspension__since"),
)
UNBOUND = kind(
    "unbound",
    "unlink",
    ngettext_lazy("Server without its guest", "Servers without their guests", "count"),
    rows=lambda: Vps.objects.unbound(),
    since=Coalesce("why_unbound__since", "created_at"),
    label=Coalesce("why_unbound__reason", F("hypervisor")),
    wording=why_unbound,
    is_grouped=True,
    is_bad=False,
)
LONG_CREATED = kind(
    "creating-too-long",
    "loader-2",
    ngettext_lazy(
        "Server being created for more than 15 minutes",
        "Servers being created for more than 15 minutes",
        "count",
    ),
    rows=long_creating,
    since=F("updated_at"),
    is_bad=False,
)
IN_ERROR = kind(
    "error",
    "alert-octagon",
    ngettext_lazy("Server in error", "Servers in error", "count"),
    rows=lambda: Vps.objects.filter(status=Vps.Status.ERROR),
    since=F("updated_at"),
)
