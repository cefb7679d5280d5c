"""An event as it is shown outside: in /api/events, over /ws/events and to the main site. Their endpoints call it.

The main site sees everything. A customer sees of `data` what stands in SHOWN: a cluster, a guest's key or an identity is
none of theirs, and what is new in `data` stays hidden until it is listed.
"""

from typing import Annotated, Any, TypedDict, cast

from accounts.models import User
from vps.models.event import Event
from vps.models.suspension import for_customer as suspension_for_customer
from vps.models.who import username_for
from web.openapi.shapes import Schema, moment, mostly_null, one_of, or_null, row_id, text, thing, whole
from web.timestamps import rfc3339

Type = Event.Type
SHOWN: dict[str, frozenset[str]] = {
    Type.VPS_CREATED: frozenset({"status", "suspension"}),
    Type.VPS_UPDATED: frozenset({"changed", "suspension"}),
    Type.VPS_DELETED: frozenset({"name"}),
    Type.VPS_BOUND: frozenset(),
    Type.VPS_UNBOUND: frozenset(),
    Type.VPS_STATUS_CHANGED: frozenset({"was", "status", "code"}),
    Type.VPS_MISSING: frozenset(),
    Type.VPS_IDENTITY_MISMATCH: frozenset(),
    Type.VPS_FOUND: frozenset(),
    Type.OPERATION_QUEUED: frozenset({"kind", "force"}),
    Type.OPERATION_SUCCEEDED: frozenset({"kind"}),
    Type.OPERATION_FAILED: frozenset({"kind", "code"}),
}

ABOUT_DATA = (
    "More, by type: of `vps.created` its `status`; of `vps.updated` what `changed`; of both, where it was suspended, the "
    "`suspension`, which is null where that has ended; of `vps.deleted` its `name`; of "
    "`vps.status_changed` what it `was`, the `status` and, where the panel gave it up, a `code`; of `operation.*` the `kind` "
    "and, failed, the `code`. The main site is told more, as where a guest is. New keys may come."
)
CHANGE = {"was": "running", "status": "stopped"}
DATA: Schema = {"type": "object", "description": ABOUT_DATA, "additionalProperties": True, "examples": [CHANGE]}
USER_ID = row_id("The user, or null for one of the staff.", 5)
BY = {"id": or_null(USER_ID), "username": text("`staff` where a customer asks.", "alice", maxLength=150)}


class EventShape(TypedDict):
    """Something that happened. Of one VPS, in the order in which it happened."""

    id: Annotated[int, whole("Its place in the feed, which only grows: the next `after`.", 123, minimum=1)]
    type: Annotated[str, one_of("What happened.", Type.values, "vps.status_changed")]
    created_at: Annotated[str, moment("When it happened.")]
    vps_id: Annotated[int | None, or_null(row_id("The VPS, which may be deleted by now.", 17))]
    user_id: Annotated[int | None, or_null(row_id("Who owned it then.", 5))]
    operation_id: Annotated[int | None, mostly_null(whole("The operation that it belongs to.", 9, minimum=1))]
    source: Annotated[str, one_of("From where: `system` is the panel itself.", Event.Source.values, "system")]
    by: Annotated[dict[str, Any] | None, mostly_null(thing(BY, "Who did it."))]
    data: Annotated[dict[str, Any], DATA]


def for_main_site(event: Event) -> EventShape:
    return shape(event, by=name_of(event.by), data=event.data)


def for_customer(event: Event, reader: Any) -> EventShape:
    """`reader` sees their own name, "staff" for any of the staff, and of other customers nothing."""
    data = {name: value for name, value in event.data.items() if name in SHOWN[event.type]}
    if data.get("suspension"):
        data["suspension"] = suspension_for_customer(data["suspension"])
    return shape(event, by=name_for(event, reader), data=data)


def name_for(event: Event, reader: Any) -> dict[str, Any] | None:
    """The number of a member of the staff is nobody's business either."""
    name = username_for(reader, event.by, event.source)
    return {"id": reader.pk if event.by == reader else None, "username": name} if name else None


def name_of(by: User | None) -> dict[str, Any] | None:
    return {"id": by.pk, "username": by.username} if by else None


def shape(event: Event, *, by: dict[str, Any] | None, data: dict[str, Any]) -> EventShape:
    """`id` is the position in the feed: an event that has none yet must not be shown."""
    return {
        "id": cast("int", event.position),
        "type": event.type,
        "created_at": rfc3339(event.created_at),
        "vps_id": event.vps_id,
        "user_id": event.user_id,
        "operation_id": event.operation_id,
        "source": event.source,
        "by": by,
        "data": data,
    }
