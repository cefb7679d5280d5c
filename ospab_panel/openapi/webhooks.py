"""What the panel calls by itself: the main site's endpoints, as Standard Webhooks lays down. `generator` adds it."""

from typing import Any

from ospab_panel.openapi.doors.events import TAG
from ospab_panel.openapi.nouns.events import EXAMPLE
from ospab_panel.openapi.nouns.vps import EXAMPLE as VPS
from ospab_panel.openapi.shapes import Schema, always, ref, text
from vps.models import Event

HEADERS = {
    "webhook-id": text("The same on every try: take it once.", "evt_123", pattern="^(evt|test)_[0-9]+$"),
    "webhook-timestamp": text("When this try was made, seconds since 1970.", "1761561000", pattern="^[0-9]+$"),
    "webhook-signature": text(
        "`v1,` and, in base64, the HMAC-SHA256 of `{id}.{timestamp}.{body}` under the endpoint's secret. While the secret "
        "is changed there are two, with a space between them.",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}
ABOUT = """\
Answer 2xx once you have it. Anything else, and no answer in 20 s, is tried again: after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, \
14 h, 20 h and 24 h, or after `Retry-After` where that is later. Of one VPS the next event waits for the one before. What \
staff send to try an endpoint has the type `webhook.test`."""
RESPONSES: dict[str, Schema] = {
    "2XX": {"description": "It has arrived."},
    "410": {"description": "The endpoint is gone: it is switched off."},
    "default": {"description": "It is sent again later."},
}


def webhook(type: str) -> Schema:
    example: dict[str, Any] = EXAMPLE | {"type": type, "vps": VPS, "data": {}}
    body = {"allOf": [ref("Webhook"), {"type": "object", "properties": {"type": always(type)}}]}
    shown = {"value": {"type": type, "timestamp": example["created_at"], "data": example}}
    return {
        "post": {
            "operationId": "on" + "".join(part.title() for part in type.replace("_", ".").split(".")),
            "tags": [TAG],
            "summary": str(Event.Type(type).label).capitalize(),
            "description": ABOUT,
            "parameters": [
                {"name": name, "in": "header", "required": True, "description": words["description"], "schema": words}
                for name, words in HEADERS.items()
            ],
            "requestBody": {"content": {"application/json": {"schema": body, "examples": {type: shown}}}},
            "security": [],
            "responses": RESPONSES,
        }
    }


def webhooks() -> dict[str, Schema]:
    """To be called in English."""
    return {type: webhook(type) for type in Event.Type.values}
