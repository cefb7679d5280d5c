"""The main site as it receives events, and what makes them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.functions import Now

from tests.vps.services.webhooks.receiver import Receiver, receiving
from vps.models import Event, WebhookDelivery, WebhookEndpoint
from vps.services import webhooks


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def endpoint(db: None, receiver: Receiver) -> WebhookEndpoint:
    return added(receiver.url)


def added(url: str, name: str = "main site", **columns: Any) -> WebhookEndpoint:
    endpoint = WebhookEndpoint(name=name, url=url, **columns)
    webhooks.add(endpoint)
    return endpoint


def happen(vps: Any, *changes: str) -> None:
    for change in changes:
        Event.objects.record("vps.updated", vps, source="sync", changed=[change])


def run(endpoint: WebhookEndpoint) -> None:
    """What workers do of one bell."""
    assert webhooks.enqueue()
    webhooks.deliver(endpoint.pk)


def make_due(**where: Any) -> None:
    """As if the pause of what is pending were over."""
    WebhookDelivery.objects.pending().filter(**where).update(next_at=Now())
    WebhookEndpoint.objects.filter(retry_at__gt=Now()).update(retry_at=Now())


def pause_s(delivery: WebhookDelivery) -> float:
    """Seconds from its last try to its next."""
    delivery.refresh_from_db()
    seconds: float = (delivery.next_at - delivery.attempts.latest("id").at).total_seconds()
    return seconds


def received_changes(receiver: Receiver, vps: Any) -> list[str]:
    """What changed of this VPS, as the receiver got it, in order."""
    return [got.event["data"]["changed"][0] for got in receiver.got if got.event["vps_id"] == vps.pk]
