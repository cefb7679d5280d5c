"""The shapes that answers are made of, by their names in the schema. `generator` puts them into it."""

from ospab_panel.openapi.nouns import events, measured, operation, people, sync, vps
from ospab_panel.openapi.reusable import ERROR
from ospab_panel.openapi.shapes import Schema

COMPONENTS: dict[str, Schema] = {
    "Error": ERROR,
    "User": people.USER,
    "SyncedUser": people.SYNCED_USER,
    "UserSynced": people.SYNCED,
    "LoginLink": people.LINK,
    "Vps": vps.VPS,
    "Observed": vps.OBSERVED,
    "SyncedVps": vps.SYNCED_VPS,
    "Operation": operation.OPERATION,
    "OperationInProgressError": operation.IN_PROGRESS,
    **sync.COMPONENTS,
    "Event": events.EVENT,
    "CursorError": events.CURSOR_ERROR,
    "Webhook": events.WEBHOOK,
    "Usage": measured.USAGE,
    "History": measured.HISTORY,
}
