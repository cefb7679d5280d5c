"""GET /api/events: what happened, in the order of the feed. A customer reads their own by JWT, the main site all by key.

The last `id` that was read is the next `after`: nothing is skipped, and nothing comes twice.
"""

from typing import Any

from rest_framework.decorators import api_view, authentication_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import KeyOrTokenAuthentication, MainSite
from accounts.call_facts import notes_calls
from vps.api import shapes
from vps.models import Event
from vps.models.event_shape import EventShape, for_customer, for_main_site
from web.errors import InvalidInput
from web.openapi import endpoint as openapi
from web.openapi.shapes import many, mostly_null, text
from web.query import choices, page_after

LARGEST_PAGE = 1000
DEFAULT_PAGE = 100
BIGGEST_ID = 2**63 - 1
NEXT = mostly_null(text("The address of what follows, or null.", "/api/events?after=123&limit=100"))
TYPES = text("Of these types alone, with commas between them.", "vps.deleted,vps.status_changed")
PAGE = openapi.page("after", DEFAULT_PAGE, LARGEST_PAGE, BIGGEST_ID, default=0)


@openapi.endpoint(
    "Events",
    "listEvents",
    openapi.success("all", events=many(shapes.EVENT, "In the order of the feed."), next=NEXT),
    *(InvalidInput, shapes.FROM_THE_FUTURE),
    parameters=[*PAGE, openapi.query("type", TYPES)],
)
@api_view(["GET"])
@authentication_classes([KeyOrTokenAuthentication])
@notes_calls()
def events(request: Request) -> Response:
    """What happened after an event, in order.

    A customer reads their own by a JWT, the main site all by its key. With the last `id` as the next `after`, nothing is
    skipped and nothing comes twice. Where `next` is null, ask again later, or read `WS /ws/events?after=`: an event a
    message, and the first message from you is the token, `{"token": "…"}`.
    """
    page = page_after(request, default=DEFAULT_PAGE, most=LARGEST_PAGE, largest_key=BIGGEST_ID)
    types = choices(request, "type", Event.Type.values)
    rows, following = page.cut(visible(request, types).read(page.key, page.reads), by="position", type=",".join(types))
    if not rows:
        Event.objects.refuse_future(page.key)
    return Response({"status": "success", "events": [shown(event, request) for event in rows], "next": following})


def visible(request: Request, types: list[str]) -> Any:
    found = Event.objects.filter(type__in=types) if types else Event.objects.all()
    return found if isinstance(request.user, MainSite) else found.visible_to(request.user)


def shown(event: Event, request: Request) -> EventShape:
    return for_main_site(event) if isinstance(request.user, MainSite) else for_customer(event, request.user)
