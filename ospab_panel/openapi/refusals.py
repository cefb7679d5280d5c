"""What a door refuses, told from the errors themselves: their status, code and sentence. Called by `operation`."""

from collections.abc import Iterable
from typing import Any

from ospab_panel.openapi.door import Refusal
from ospab_panel.openapi.shapes import Schema, ref
from ospab_panel.openapi.told import OF_ALL, Told, as_list
from vps.errors import CursorFromTheFuture, OperationInProgress
from web.error_responses import CODES, body
from web.errors import PanelError
from web.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey, RequestInProgress

OF_REPEATS: tuple[Refusal, ...] = (InvalidIdempotencyKey, RequestInProgress, IdempotencyKeyReused)
# Sentences that are made anew each time.
SAID = {
    "missing_fields": "Missing required fields: name, cpu",
    "invalid": "Invalid request: limit: Must be a whole number.",
}
# The errors whose answer carries more than the others'.
LOOKS_LIKE: dict[Refusal, str] = {OperationInProgress: "OperationInProgressError", CursorFromTheFuture: "CursorError"}


def told(refusal: Refusal | Told) -> Told:
    if isinstance(refusal, Told):
        return refusal
    component = LOOKS_LIKE.get(refusal, "Error")
    if issubclass(refusal, PanelError):
        sentence = SAID.get(refusal.code, str(refusal.message))
        return Told(refusal.status, refusal.code, sentence, bool(refusal.retry_after), component)
    code = CODES.get(refusal) or refusal.default_code
    sentence = SAID.get(code, str(refusal.default_detail))
    return Told(refusal.status_code, code, sentence, hasattr(refusal, "wait"), component)


def responses(own: Iterable[Refusal], shared: Iterable[Refusal | Told], more: dict[str, Any]) -> Schema:
    """One a status. Of the door's own errors each is shown in an example; what it shares with others is told in words."""
    shown = [told(refusal) for refusal in own]
    rows = [*shown, *map(told, shared)]
    rows += [row for row in OF_ALL if row.status != 401 and row.status in {other.status for other in rows}]
    values = {row.code: body(row.code, row.sentence) | more.get(row.code, {}) for row in shown}
    statuses = sorted({row.status for row in rows})
    return {str(status): response([row for row in rows if row.status == status], values) for status in statuses}


def response(rows: list[Told], values: dict[str, Any]) -> Schema:
    shown = {row.code: {"value": values[row.code]} for row in rows if row.code in values}
    headers = ["X-Request-ID", "Retry-After"] if any(row.is_waited_for for row in rows) else ["X-Request-ID"]
    return {
        "description": as_list(rows),
        "headers": {name: ref(name, "headers") for name in headers},
        "content": {"application/json": {"schema": shape(rows)} | ({"examples": shown} if shown else {})},
    }


def shape(rows: list[Told]) -> Schema:
    """Error with one of these codes, or what carries more."""
    codes = [row.code for row in rows if row.component == "Error"]
    plain = {"allOf": [ref("Error"), {"type": "object", "properties": {"code": {"enum": codes}}}]}
    others = [ref(row.component) for row in rows if row.component != "Error"]
    return {"oneOf": [*others, *([plain] if codes else [])]} if others else plain
