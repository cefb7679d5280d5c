"""Trouble with the main site's calls. The table of kinds has it."""

from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from vps.attention.kind import Kind
from vps.models import SyncCall

# A call that is refused now and then is the main site's to see to; more than so many an hour are the staff's.
MANY_FAILED_CALLS = 10
MANY_REFUSED_KEYS = 5


def failing_calls() -> "QuerySet[SyncCall]":
    found: QuerySet[SyncCall] = calls_of_the_last_hour().failing(MANY_FAILED_CALLS)
    return found


def refused_keys() -> "QuerySet[SyncCall]":
    found: QuerySet[SyncCall] = calls_of_the_last_hour().refused_keys(MANY_REFUSED_KEYS)
    return found


def calls_of_the_last_hour() -> Any:
    return SyncCall.objects.since(timezone.now() - timedelta(hours=1))


def by_code(code: str, status: str) -> str:
    return f"{status} {code}".strip()


WHAT: dict[str, Any] = {
    "model": SyncCall,
    "since": F("at"),
    "label": F("code"),
    "detail": F("status"),
    "wording": by_code,
    "is_grouped": True,
}
FAILING_CALLS = Kind(
    key="failing-calls",
    title=_("The main site's calls are failing"),
    rows=failing_calls,
    icon="cloud-off",
    **WHAT,
)
REFUSED_KEYS = Kind(
    key="refused-keys",
    title=ngettext_lazy(
        "Minute in which the main site's key was refused", "Minutes in which the main site's key was refused", "count"
    ),
    rows=refused_keys,
    icon="key-off",
    number=Sum("count"),
    **WHAT,
)
