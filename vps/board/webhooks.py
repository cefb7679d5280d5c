"""The webhooks that wait: how many, how that came about within the hour, the oldest, and the next try."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vps.board.section import Section, drawing, list_of
from vps.models import WebhookDelivery, WebhookEndpoint
from vps.models.webhook_delivery import with_backlog

STEPS, STEP = 20, timedelta(minutes=3)


def facts(user: Any) -> dict[str, Any]:
    now = timezone.now()
    endpoints = list(with_backlog(WebhookEndpoint.objects.defer("secret", "previous_secret")))
    oldest = [endpoint.oldest for endpoint in endpoints if endpoint.oldest]
    tries = [next_try(endpoint) for endpoint in endpoints if endpoint.next_try and endpoint.is_active]
    next_at = min(tries, default=None)
    return drawing([(count, 0) for count in backlog(now)]) | {
        "whole": sum(endpoint.backlog for endpoint in endpoints),
        "has_endpoints": bool(endpoints),
        "oldest": min(oldest, default=None),
        "next_at": next_at if next_at and next_at > now else None,
        "may_send": user.has_perm("vps.change_webhookendpoint"),
        "is_due": bool(next_at and next_at <= now),
        "all": list_of("webhookendpoint"),
        "pending": list_of("webhookdelivery", state__exact=WebhookDelivery.State.PENDING),
    }


def next_try(endpoint: Any) -> datetime:
    """One that took nothing is asked again when its pause is over, whatever is due there."""
    next_at: datetime = endpoint.next_try
    return max(next_at, endpoint.retry_at) if endpoint.is_unreachable and endpoint.retry_at else next_at


def backlog(now: datetime) -> list[int]:
    """How many waited at the end of each step of the hour: what waits now, less what came since, and what went since."""
    since = now - STEPS * STEP
    counts = [0] * STEPS
    for made, ended, count in WebhookDelivery.objects.lives(since):
        last = STEPS if ended is None else step_of(ended, since)
        for step in range(step_of(made, since), last):
            counts[step] += count
    return counts


def step_of(moment: datetime, since: datetime) -> int:
    return min(max((moment - since) // STEP, 0), STEPS)


SECTION = Section("webhooks", _("Webhook queue"), ("vps.view_webhookendpoint", "vps.view_webhookdelivery"), facts)
