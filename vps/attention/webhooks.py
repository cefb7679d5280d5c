"""Trouble with what the main site is told by webhooks. The table of kinds has it."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Min, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import ngettext, ngettext_lazy

from vps.attention.kind import Kind
from vps.models import WebhookDelivery, WebhookEndpoint
from vps.models.webhook_attempt import in_words
from vps.models.webhook_delivery import with_backlog

# A backlog of a restart of the main site is delivered by then.
LONG_BACKLOG = timedelta(minutes=15)


def unreadable() -> "QuerySet[WebhookEndpoint]":
    found: QuerySet[WebhookEndpoint] = WebhookEndpoint.objects.active().unreadable()
    return found


def disabled() -> "QuerySet[WebhookEndpoint]":
    """What staff have disabled needs nobody's attention."""
    found: QuerySet[WebhookEndpoint] = WebhookEndpoint.objects.disabled()
    return found.exclude(disabled_why=WebhookEndpoint.Why.STAFF)


def behind() -> "QuerySet[WebhookEndpoint]":
    active = with_backlog(WebhookEndpoint.objects.active())
    found: QuerySet[WebhookEndpoint] = active.filter(oldest__lt=timezone.now() - LONG_BACKLOG)
    return found


def undelivered() -> "QuerySet[WebhookDelivery]":
    found: QuerySet[WebhookDelivery] = WebhookDelivery.objects.given_up_since(hours=24)
    return found


def pending_of_it(**aggregate: Any) -> Subquery:
    pending = WebhookDelivery.objects.pending().filter(endpoint=OuterRef("pk")).order_by().values("endpoint")
    return Subquery(pending.annotate(**aggregate).values(*aggregate))


def why_disabled(name: str, why: str) -> str:
    return f"{name}: {dict(WebhookEndpoint.Why.choices).get(why, why)}"


def why_unreadable(name: str, failure: str) -> str:
    return f"{name}: {in_words(failure)}"


def how_far_behind(name: str, facts: str) -> str:
    """`facts` are how many wait, and why the last try failed."""
    count, _space, failure = facts.partition(" ")
    waits = ngettext("%(count)s waits", "%(count)s wait", int(count)) % {"count": count}
    return f"{name}: {', '.join(filter(None, (waits, in_words(failure))))}"


UNREADABLE = Kind(
    key="unreadable-endpoints",
    model=WebhookEndpoint,
    title=ngettext_lazy(
        "Webhook endpoint whose secret cannot be read", "Webhook endpoints whose secrets cannot be read", "count"
    ),
    rows=unreadable,
    since=F("unreachable_since"),
    label=F("name"),
    detail=F("failure"),
    wording=why_unreadable,
    icon="key-off",
)
DISABLED = Kind(
    key="disabled-endpoints",
    model=WebhookEndpoint,
    title=ngettext_lazy("Webhook endpoint is disabled", "Webhook endpoints are disabled", "count"),
    rows=disabled,
    since=F("disabled_at"),
    label=F("name"),
    detail=F("disabled_why"),
    wording=why_disabled,
    icon="webhook-off",
)
BEHIND = Kind(
    key="endpoints-behind",
    model=WebhookEndpoint,
    title=ngettext_lazy(
        "Webhook endpoint with events that wait for more than 15 minutes",
        "Webhook endpoints with events that wait for more than 15 minutes",
        "count",
    ),
    rows=behind,
    since=pending_of_it(oldest=Min("created_at")),
    label=F("name"),
    detail=Concat(Cast(pending_of_it(waiting=Count("pk")), TextField()), Value(" "), F("failure")),
    wording=how_far_behind,
    icon="send-off",
    is_bad=False,
)
UNDELIVERED = Kind(
    key="undelivered-events",
    model=WebhookDelivery,
    title=ngettext_lazy(
        "Event that an endpoint was not told in the last 24 hours",
        "Events that an endpoint was not told in the last 24 hours",
        "count",
    ),
    rows=undelivered,
    since=F("ended_at"),
    label=F("endpoint__name"),
    icon="send-off",
    is_grouped=True,
    is_bad=False,
)
