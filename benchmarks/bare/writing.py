"""POST /api/vps/sync: a create or an update of columns, each with its event and the row of its call in one statement.

What else a command may say (a placement, a suspension, when it occurred) is refused, and so are `delete` and what is
suspended. It warns of nothing, rings for nobody, and what it refuses leaves no row.
"""

import json
import time
from typing import Any

from psycopg.errors import CheckViolation, DataError, ForeignKeyViolation

from benchmarks.bare import statements
from benchmarks.bare.listing import columns_of
from benchmarks.bare.refusal import Refused

NUMBERS = {"user_id", "cpu", "ram", "disk"}
WORDS = {"name": 255, "os": 100, "status": 20, "hypervisor": 20, "external_id": 191}
NEEDED = NUMBERS | {"name", "os"}
DEFAULTS = {"status": "creating", "hypervisor": "proxmox", "external_id": None}
UNSAID: dict[str, Any] = dict.fromkeys([*NUMBERS, *WORDS, "id"])


def synced(connection: Any, body: bytes, request_id: str) -> tuple[int, dict[str, Any]]:
    """The status and the answer. Raises Refused."""
    began = time.monotonic()
    action, given = read(body)
    apply = {"create": create, "update": update}[action]
    call = {"request_id": request_id, "action": action, "before_ms": (time.monotonic() - began) * 1000}
    try:
        status, row = apply(connection, given, call)
    except (CheckViolation, ForeignKeyViolation, DataError) as error:
        raise Refused(400, "invalid_input", "A column cannot have this value.") from error
    shown = columns_of(row) | ({"external_id": row[12]} if row[12] else {})
    return status, {"status": "success", "message": "VPS synced successfully", "vps": shown}


def create(connection: Any, given: dict[str, Any], call: dict[str, Any]) -> tuple[int, tuple[Any, ...]]:
    """An external id that is known already means what it was given to, and nothing is done."""
    if not given.keys() >= NEEDED or "id" in given:
        raise Refused(400, "missing_fields", f"Missing required fields: {', '.join(sorted(NEEDED - given.keys()))}")
    row = connection.execute(statements.CREATE, DEFAULTS | given | call | {"status_code": 201}).fetchone()
    if row:
        return 201, row
    if "external_id" not in given:
        raise Refused(400, "unknown_user", f"There is no user {given['user_id']}.")
    return 200, changed(connection, UNSAID | {"external_id": given["external_id"]}, call)


def update(connection: Any, given: dict[str, Any], call: dict[str, Any]) -> tuple[int, tuple[Any, ...]]:
    if "id" not in given and "external_id" not in given:
        raise Refused(400, "missing_fields", "Missing required fields: id or external_id")
    return 200, changed(connection, UNSAID | given, call)


def changed(connection: Any, given: dict[str, Any], call: dict[str, Any]) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(statements.UPDATE, given | call | {"status_code": 200}).fetchone()
    if row is None:
        raise Refused(404, "vps_not_found", "There is no such VPS, it was deleted, or it is suspended.")
    return row


def read(body: bytes) -> tuple[str, dict[str, Any]]:
    """What the columns' own constraints do not say: types, lengths, and that nothing is left out unseen."""
    try:
        command = json.loads(body)
        action, given = command["action"], command["vps"]
        is_known = len(command) == 2 and action in ("create", "update")
        is_sound = is_known and all(is_good(*item) for item in given.items())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refused(400, "invalid_input", "The body is no command.") from error
    if not is_sound:
        raise Refused(400, "invalid_input", "A key or a value is none that is taken here.")
    return action, given


def is_good(name: str, value: Any) -> bool:
    if name in NUMBERS or name == "id":
        return type(value) is int and 0 < value < 2**31
    is_text = isinstance(value, str) and value.isprintable() and not value.isspace() and value != "suspended"
    return is_text and 1 <= len(value) <= WORDS.get(name, 0)
