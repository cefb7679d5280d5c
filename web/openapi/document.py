"""GET /api/schema and GET /api/docs, for everybody: what all endpoints say, as one document and as a page to read it.

The page is the one HTML under /api; what it refuses is JSON.
"""

from functools import cache
from threading import Lock
from typing import Any

from django.contrib.auth import get_user
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation
from drf_spectacular.settings import spectacular_settings
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from web.openapi.endpoint import CALLERS, Answer, endpoint
from web.openapi.refusals import ERROR, OF_ALL, response
from web.openapi.shapes import COMPONENTS, Schema, always
from web.request_id import ACCEPTED

TAG = "This description"
MAKING = Lock()
NAME = {"type": "string", "pattern": f"^{ACCEPTED.pattern}$", "examples": ["order-1042"]}
VISIBLE = r"^[\x21-\x7e]+$"
KEY = {"type": "string", "pattern": VISIBLE, "minLength": 1, "maxLength": 257, "examples": ["order-1042-create"]}
DOCUMENT = {"type": "object", "required": ["openapi", "info", "paths"]}
SECONDS = {"type": "integer", "minimum": 1, "examples": [10]}
OUR_NAME = "Your own name of this request, for the logs of both sides. The answer carries it, or else a new one."
OUR_KEY = (
    "Your own name of what is asked for, such as a UUID. Sent again with the same body it is not done again: the first 2xx "
    "answer is given once more, byte for byte, for 48 hours and longer. Refusals are not kept. Quotes around it do not count."
)
REPLAYED = "This is the answer to an earlier request with this Idempotency-Key, and nothing was done."
SHARED: Schema = {
    "parameters": {
        "RequestId": {"name": "X-Request-ID", "in": "header", "description": OUR_NAME, "schema": NAME},
        "IdempotencyKey": {"name": "Idempotency-Key", "in": "header", "description": OUR_KEY, "schema": KEY},
    },
    "headers": {
        "X-Request-ID": {"description": "The name of this request in our logs.", "required": True, "schema": NAME},
        "Idempotency-Replayed": {"description": REPLAYED, "schema": always("true")},
        "Retry-After": {"description": "After how many seconds it is worth another try.", "schema": SECONDS},
    },
}


def in_order(endpoints: list[Any]) -> list[Any]:
    """drf-spectacular calls it, by its settings. A path that takes a slash at its end too is described without."""
    return sorted((path.rstrip("/"), *more) for path, *more in endpoints)


def with_components(result: Schema, **_: Any) -> Schema:
    """drf-spectacular calls it, by its settings: adds what the endpoints refer to."""
    failure = response(OF_ALL) | {"content": {"application/json": {"schema": ERROR}}}
    schemes = {name: scheme for known, _ in CALLERS.values() for name, scheme in known.items()}
    result["components"] |= SHARED | {"schemas": dict(sorted(COMPONENTS.items())), "securitySchemes": schemes}
    result["components"]["responses"] = {"Failure": failure}
    return result


def document() -> bytes:
    """In English. Of many who ask first, one makes it: drf-spectacular does not bear two at a time."""
    with MAKING, translation.override("en"):
        return made()


@cache
def made() -> bytes:
    return bytes(JSONRenderer().render(spectacular_settings.DEFAULT_GENERATOR_CLASS().get_schema(public=True)))


def for_everybody(view: Any) -> Any:
    return api_view(["GET"])(authentication_classes([])(permission_classes([])(view)))


@endpoint(TAG, "getSchema", Answer(DOCUMENT))
@for_everybody
def schema(request: Request) -> HttpResponse:
    """This description, as OpenAPI 3.1."""
    return HttpResponse(document(), content_type="application/json")


@endpoint(TAG, "getDocs", Answer({"type": "string"}, media_type="text/html"))
@for_everybody
def docs(request: Request) -> HttpResponse:
    """A page to read it, and to try it.

    Swagger UI from our own static files: it asks no other host, and obeys the Content-Security-Policy. What stands around
    it is in the reader's language, as on the panel's other pages.
    """
    page = request._request
    page.user = get_user(page)
    with translation.override(translation.get_language_from_request(page)):
        return render(page, "api_docs.html")
