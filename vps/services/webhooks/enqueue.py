"""Make deliveries of what is new in the feed. The task `deliver_all` and the sweeper call it; often is harmless."""

from django.db import transaction

from vps.db.locks import ENQUEUEING, try_lock
from vps.models import Event, WebhookDelivery, WebhookEndpoint
from vps.services.webhooks.body import bodies_of

AT_ONCE = 2000
# A feed that grows for ever holds nobody for ever; the next bell goes on.
MOST_ROUNDS = 20


def enqueue() -> bool:
    """Whether all committed events are enqueued, for all endpoints in use. False: somebody is at it, or there is more.

    Events get their positions though no endpoint is in use: the first reader of the feed must not wait for years of it.
    """
    Event.objects.assign_positions()
    if not WebhookEndpoint.objects.active().exists():
        return True
    with try_lock(ENQUEUEING) as is_mine:
        return is_mine and any(enqueue_round() == 0 for _ in range(MOST_ROUNDS))


def enqueue_round() -> int:
    Event.objects.assign_positions()
    return sum(enqueue_for(id) for id in WebhookEndpoint.objects.active().values_list("id", flat=True))


@transaction.atomic
def enqueue_for(endpoint_id: int) -> int:
    """The next part of the feed: its deliveries and the cursor in one transaction. Returns how many events were read."""
    active = WebhookEndpoint.objects.active().select_for_update(no_key=True)
    endpoint = active.filter(id=endpoint_id).first()
    if endpoint is None:
        return 0
    events = list(Event.objects.feed(endpoint.cursor).select_related("by")[:AT_ONCE])
    if events:
        wanted = [event for event in events if endpoint.wants(event.type)]
        WebhookDelivery.objects.bulk_create(deliveries(endpoint, wanted), ignore_conflicts=True)
        WebhookEndpoint.objects.filter(id=endpoint_id).update(cursor=events[-1].position)
    return len(events)


def deliveries(endpoint: WebhookEndpoint, events: list[Event]) -> list[WebhookDelivery]:
    return [
        WebhookDelivery(
            endpoint=endpoint,
            event=event,
            type=event.type,
            vps_id=event.vps_id,
            position=event.position,
            body=body,
        )
        for event, body in bodies_of(events)
    ]
