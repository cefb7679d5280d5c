"""Where something waits to be delivered, or enqueued: for whoever rings, and for the sweeper, which does what nobody did."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from django.db.models import Exists, Min, OuterRef, QuerySet
from django.db.models.functions import Greatest, Now

from vps.db import clock
from vps.db.locks import DELIVERING, DELIVERY_SLOT, held, holders_of
from vps.models import Event, WebhookDelivery, WebhookEndpoint
from web.compiled_query import CompiledRows

# In seconds. A bell takes a moment, and the clock rings every 5; then bells are of no use.
NEGLECTED_S = 15.0
# So many processes are at it in all.
MOST_AT_ONCE = 2
LAST_CALL = Greatest("succeeded_at", "failed_at")


@dataclass
class Neglected:
    """Whether the feed has events to enqueue, and the endpoints that are to be delivered to."""

    is_feed: bool = False
    endpoints: list[int] = field(default_factory=list)


def due_endpoints(since_seconds: float = 0) -> list[int]:
    """Those that may be sent to now, and have something that is due, but for those that somebody is at. Where as many as
    may are at others, there are none: the next bell of the clock finds a slot. Who has waited longest comes first."""
    if len(held(DELIVERY_SLOT)) >= MOST_AT_ONCE:
        return []
    return [id for (id,) in waiting_since(since_seconds).all()]


@cache
def waiting_since(seconds: float) -> CompiledRows:
    """It is asked at each bell of the feed, and goes by the database's clock alone."""
    due = WebhookDelivery.objects.due(seconds).filter(endpoint=OuterRef("pk"))
    free = WebhookEndpoint.objects.open_now().exclude(id__in=holders_of(DELIVERING))
    waiting = free.filter(Exists(due)).order_by(LAST_CALL.asc(nulls_first=True), "id")
    return CompiledRows(lambda: waiting.values_list("id"))


def neglected(since_seconds: float = NEGLECTED_S) -> Neglected:
    """What nobody has seen to for so long."""
    return Neglected(is_behind(since_seconds), due_endpoints(since_seconds))


def signs() -> Iterator[Any]:
    """Queries that find something where `neglected` does (vps.db.signs)."""
    active, old = WebhookEndpoint.objects.active(), events_before(NEGLECTED_S)
    yield active.filter(Exists(old.filter(position=None)))
    yield active.filter(Exists(old.filter(position__gt=OuterRef("cursor"))))
    due = WebhookDelivery.objects.due(NEGLECTED_S).filter(endpoint=OuterRef("pk"))
    yield WebhookEndpoint.objects.open_now().filter(Exists(due))


def events_before(since_seconds: float) -> Any:
    return Event.objects.filter(created_at__lt=Now() - timedelta(seconds=since_seconds))


def is_behind(since_seconds: float) -> bool:
    """Whether an event of so long ago is not enqueued for every endpoint in use."""
    cursor = WebhookEndpoint.objects.active().aggregate(Min("cursor"))["cursor__min"]
    if cursor is None:
        return False
    old = events_before(since_seconds)
    unpositioned: QuerySet[Event] = old.filter(position=None)
    return unpositioned.exists() or old.feed(cursor).exists()


def next_in_s(endpoint_id: int) -> float | None:
    """In how many seconds something of this endpoint is due, 0 where it is now; None where nothing is, or none may go."""
    endpoint = WebhookEndpoint.objects.active().filter(id=endpoint_id).first()
    waiting: QuerySet[WebhookDelivery] = (
        WebhookDelivery.objects.pending().first_of_their_vps().filter(endpoint=endpoint_id)
    )
    next_at = waiting.order_by("next_at").values_list("next_at", flat=True).first()
    if endpoint is None or next_at is None:
        return None
    if endpoint.is_unreachable and endpoint.retry_at:
        next_at = max(next_at, endpoint.retry_at)
    return max((next_at - clock.now()).total_seconds(), 0.0)
