"""An event, as the feed, the socket and webhooks tell it."""

from ospab_panel.openapi.nouns.operation import ID as OPERATION_ID
from ospab_panel.openapi.nouns.vps import ID_MAX, USER_ID, VPS_ID
from ospab_panel.openapi.reusable import ERROR
from ospab_panel.openapi.shapes import Schema, always, moment, or_null, ref, text, thing, whole, word
from vps.errors import CursorFromTheFuture
from vps.models import Event

ID = 123
SOURCES = "Where it came from: the main site, a page, the API, the admin, or the panel itself."
BY = thing(
    {
        "id": or_null(whole("The user, or null for one of the staff.", USER_ID, 1, ID_MAX)),
        "username": text("`staff` where a customer asks.", "alice", 150),
    },
    "Who did it.",
)
DATA = {
    "type": "object",
    "description": (
        "What more there is to say, by type: `vps.created` tells `status`; `vps.updated` which columns `changed`; "
        "`vps.deleted` the `name`; `vps.status_changed` what it `was`, the `status` and, where the panel gave it up, a "
        "`code`; `operation.*` the `kind` and, failed, the `code`. The main site is told more, as where a guest is. "
        "New keys may come."
    ),
    "additionalProperties": True,
    "examples": [{"was": "running", "status": "stopped"}],
}
FIELDS: dict[str, Schema] = {
    "id": whole("Its place in the feed, which only grows: the next `after`.", ID, 1),
    "type": word("What happened.", Event.Type.values, "vps.status_changed"),
    "created_at": moment("When it happened."),
    "vps_id": or_null(whole("The VPS, which may be deleted by now.", VPS_ID, 1, ID_MAX)),
    "user_id": or_null(whole("Who owned it then.", USER_ID, 1, ID_MAX)),
    "operation_id": or_null(whole("The operation that it belongs to.", OPERATION_ID, 1)),
    "source": word(SOURCES, Event.Source.values, "system"),
    "by": or_null(BY),
    "data": DATA,
}
EVENT = thing(FIELDS, "Something that happened. Of one VPS, in the order in which it happened.")

CURSOR_ERROR = thing(
    ERROR["properties"]
    | {
        "code": always(CursorFromTheFuture.code),
        "last": whole("The last event that there is: the next `after`.", ID, 0),
    },
    "The panel was restored from a copy that is older than what it told. Compare what you hold with it first.",
    optional=("errors",),
)

WEBHOOK = thing(
    {
        "type": text("What happened.", "vps.status_changed"),
        "timestamp": moment("When it happened."),
        "data": thing(
            FIELDS | {"vps": or_null(ref("SyncedVps")) | {"description": "As it was when this was written, or null."}},
            "The event.",
        ),
    },
    "Written once: every try sends the same bytes.",
)

EXAMPLE = {
    "id": ID,
    "type": "vps.status_changed",
    "created_at": "2025-10-27T10:30:00Z",
    "vps_id": VPS_ID,
    "user_id": USER_ID,
    "operation_id": None,
    "source": "system",
    "by": None,
    "data": {"was": "running", "status": "stopped"},
}
