"""/api/events: what happened, in order."""

from ospab_panel.openapi.door import Answer, Door, query
from ospab_panel.openapi.nouns.events import EXAMPLE, ID
from ospab_panel.openapi.shapes import many, or_null, ref, success, text, whole
from vps.api.events import BIGGEST_ID, DEFAULT_PAGE, LARGEST_PAGE
from vps.errors import CursorFromTheFuture
from web.errors import InvalidInput

TAG = "Events"
ABOUT = """\
A customer reads their own by a JWT, the main site all of them by its key. With the last `id` that was read as the next \
`after`, nothing is skipped and nothing comes twice. Where `next` is null, nothing more has happened yet: ask again later \
with the same `after`, or read `WS /ws/events?after=`, which tells what was missed and then what happens, one event a \
message, and takes the token as its first message: `{"token": "…"}`."""

DOORS = {
    "GET /api/events": Door(
        id="listEvents",
        tag=TAG,
        summary="What happened after an event, in order",
        about=ABOUT,
        query=(
            query("after", whole("The `id` of the last event that was read.", 0, 0, BIGGEST_ID), 0),
            query("limit", whole("How many at most.", 100, 1, LARGEST_PAGE), DEFAULT_PAGE),
            query("type", text("Of these types alone, with commas between them.", "vps.deleted,vps.status_changed")),
        ),
        answers={
            200: Answer(
                "One page of them.",
                success(
                    events=many(ref("Event"), "In the order of the feed."),
                    next=or_null(text("The address of what follows, or null.", "/api/events?after=123&limit=100")),
                ),
                {"all": {"status": "success", "events": [EXAMPLE], "next": None}},
            )
        },
        refusals=(InvalidInput, CursorFromTheFuture),
        refused={CursorFromTheFuture.code: {"last": ID}},
    ),
}
