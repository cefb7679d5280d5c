"""Trouble with operations: late ones, failed ones, those that kill their workers. The table of kinds has it."""

from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils import timezone
from django.utils.translation import ngettext_lazy

from vps.attention.kind import Kind
from vps.attention.reasons import reason_of
from vps.models import Operation

# Of a server that is deleted its number is left.
SERVER = Coalesce("vps__name", Concat(Value("#"), Cast("vps_id", TextField())))


def late() -> "QuerySet[Operation]":
    found: QuerySet[Operation] = Operation.objects.open().filter(deadline_at__lt=timezone.now())
    return found


def failed() -> "QuerySet[Operation]":
    since = timezone.now() - timedelta(hours=24)
    recent: QuerySet[Operation] = Operation.objects.filter(state="failed", finished_at__gte=since)
    return recent.exclude(error_code="superseded")


def kind(key: str, icon: str, title: Any, **more: Any) -> Kind:
    return Kind(**{"key": key, "icon": icon, "title": title, "model": Operation, "label": SERVER} | more)


LATE = kind(
    "late-operations",
    "clock-exclamation",
    ngettext_lazy("Operation past its deadline", "Operations past their deadline", "count"),
    rows=late,
    since=F("deadline_at"),
)
KILLING = kind(
    "killing-operations",
    "skull",
    ngettext_lazy("Operation whose workers keep dying", "Operations whose workers keep dying", "count"),
    rows=lambda: Operation.objects.killing(),
    since=F("created_at"),
)
FAILED = kind(
    "failed-operations",
    "alert-triangle",
    ngettext_lazy("Operation failed in the last 24 hours", "Operations failed in the last 24 hours", "count"),
    rows=failed,
    since=F("finished_at"),
    label=F("error_code"),
    wording=reason_of,
    is_grouped=True,
)
