"""What the panel calls by itself: the main site's endpoints, as Standard Webhooks lays down. drf-spectacular calls it."""

from typing import Any

from vps.api.shapes import SYNCED_VPS
from vps.models.event import Event
from vps.models.event_shape import EventShape
from vps.services.webhooks.body import WebhookShape
from web.openapi.endpoint import query
from web.openapi.shapes import Schema, always, component, example_of, or_null, text, typed

VPS = or_null(SYNCED_VPS) | {"description": "As it was when this was written, or null."}
SIGNED = "`v1,` and the HMAC-SHA256 of `{id}.{timestamp}.{body}` in base64; while the secret is changed two, a space between."
HEADERS = {
    "webhook-id": text("The same on every try: take it once.", "evt_123", pattern="^(evt|test)_[0-9]+$"),
    "webhook-timestamp": text("When this try was made, seconds since 1970.", "1761561000", pattern="^[0-9]+$"),
    "webhook-signature": text(SIGNED, "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
}
ABOUT = (
    "Answer 2xx once you have it. Anything else, and no answer in 20 s, is tried again: after 5 s, 5 min, 30 min, 2 h, 5 h, "
    "10 h, 14 h, 20 h and 24 h, or after `Retry-After` where that is later. Of one VPS the next event waits for the one "
    "before. What staff send to try an endpoint has the type `webhook.test`."
)
RESPONSES = {
    "2XX": "It has arrived.",
    "410": "The endpoint is gone: it is switched off.",
    "default": "It is sent again.",
}


DATA = typed(EventShape, vps=VPS) | {"description": "The event."}
WEBHOOK = component("Webhook", typed(WebhookShape, data=DATA))


def webhook(type: Event.Type) -> Schema:
    body = {"allOf": [WEBHOOK, {"type": "object", "properties": {"type": always(type)}}]}
    shown = example_of(WEBHOOK)
    shown |= {"type": type, "data": shown["data"] | {"type": type, "data": {}}}
    return {
        "operationId": "on" + "".join(part.title() for part in type.replace("_", ".").split(".")),
        "tags": ["Events"],
        "summary": str(type.label).capitalize(),
        "description": ABOUT,
        "parameters": [query(*header) | {"in": "header", "required": True} for header in HEADERS.items()],
        "requestBody": {"content": {"application/json": {"schema": body, "examples": {type: {"value": shown}}}}},
        "security": [],
        "responses": {status: {"description": about} for status, about in RESPONSES.items()},
    }


def with_webhooks(result: Schema, **_: Any) -> Schema:
    return result | {"webhooks": {type: {"post": webhook(type)} for type in Event.Type}}
