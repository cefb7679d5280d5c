"""An event as it is shown outside: in /api/events, over /ws/events and to the main site. Their endpoints call it.

The main site sees everything. A customer sees of `data` what stands in SHOWN: a cluster, a guest's key or an identity is
none of theirs, and what is new in `data` stays hidden until it is listed.
"""

from typing import Any

from accounts.models import User
from vps.models.event import Event
from vps.models.who import username_for
from web.timestamps import rfc3339

Type = Event.Type
SHOWN: dict[str, frozenset[str]] = {
    Type.VPS_CREATED: frozenset({"status"}),
    Type.VPS_UPDATED: frozenset({"changed"}),
    Type.VPS_DELETED: frozenset({"name"}),
    Type.VPS_BOUND: frozenset(),
    Type.VPS_UNBOUND: frozenset(),
    Type.VPS_STATUS_CHANGED: frozenset({"was", "status", "code"}),
    Type.VPS_MISSING: frozenset(),
    Type.VPS_MISTAKEN: frozenset(),
    Type.VPS_FOUND: frozenset(),
    Type.OPERATION_QUEUED: frozenset({"kind", "force"}),
    Type.OPERATION_SUCCEEDED: frozenset({"kind"}),
    Type.OPERATION_FAILED: frozenset({"kind", "code"}),
}


def for_main_site(event: Event) -> dict[str, Any]:
    return shape(event, by=name_of(event.by), data=event.data)


def for_customer(event: Event, reader: Any) -> dict[str, Any]:
    """`reader` sees their own name, "staff" for any of the staff, and of other customers nothing."""
    data = {name: value for name, value in event.data.items() if name in SHOWN[event.type]}
    return shape(event, by=name_for(event, reader), data=data)


def name_for(event: Event, reader: Any) -> dict[str, Any] | None:
    """The number of a member of the staff is nobody's business either."""
    name = username_for(reader, event.by, event.source)
    return {"id": reader.pk if event.by == reader else None, "username": name} if name else None


def name_of(by: User | None) -> dict[str, Any] | None:
    return {"id": by.pk, "username": by.username} if by else None


def shape(event: Event, *, by: dict[str, Any] | None, data: dict[str, Any]) -> dict[str, Any]:
    """`id` is the position in the feed: an event that has none yet must not be shown."""
    return {
        "id": event.position,
        "type": event.type,
        "created_at": rfc3339(event.created_at),
        "vps_id": event.vps_id,
        "user_id": event.user_id,
        "operation_id": event.operation_id,
        "source": event.source,
        "by": by,
        "data": data,
    }
