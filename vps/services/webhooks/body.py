"""The body of a webhook, made once. For `enqueue` and the test event."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, TypedDict

from vps.models import Event, Vps, WebhookEndpoint
from vps.models.event_shape import for_main_site
from vps.models.webhook_delivery import TEST
from web.openapi.shapes import moment, text
from web.timestamps import rfc3339


class WebhookShape(TypedDict):
    """Written once: every try sends the same bytes."""

    type: Annotated[str, text("What happened.", "vps.status_changed")]
    timestamp: Annotated[str, moment("When it happened.")]
    data: dict[str, Any]


def bodies_of(events: list[Event]) -> Iterable[tuple[Event, str]]:
    """Each event with its body, in one query whatever their number. A VPS is shown as in the answers of sync."""
    ids = {event.vps_id for event in events if event.vps_id is not None}
    known = Vps.objects.with_external_id().in_bulk(ids)
    for event in events:
        shown, vps = for_main_site(event), known.get(event.vps_id)
        yield event, body(event.type, shown["created_at"], shown | {"vps": vps and vps.row()})


def body_of_test(endpoint: WebhookEndpoint, by: Any, now: datetime) -> str:
    """The shape of any event, with nothing in it."""
    when = rfc3339(now)
    empty = {"id": None, "type": TEST, "created_at": when, "vps_id": None, "user_id": None, "operation_id": None}
    who = {"source": Event.Source.ADMIN, "by": {"id": by.pk, "username": by.username}}
    return body(TEST, when, empty | who | {"data": {"endpoint": endpoint.name}, "vps": None})


def body(type: str, when: str, data: dict[str, Any]) -> str:
    shape: WebhookShape = {"type": type, "timestamp": when, "data": data}
    return json.dumps(shape, ensure_ascii=False, separators=(",", ":"))
