"""Writes down each call of the main site and how it ended: a line of the log and a row. vps.api.call_log calls it."""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from vps.models.sync_call import LONGEST
from web.forgetting import forget
from web.write_behind import WriteBehind

log = logging.getLogger("sync")
KEPT_FOR = timedelta(days=30)
COLUMNS = ["request_id", "action", "path", "status", "code", "message", "duration_ms", "operations", "failed"]
COLUMNS += ["replayed", "vps_id"]
# The log names what was refused by its code: a message may quote what was sent.
LEFT_OUT = {"message", "is_let_in"}
TYPES = dict.fromkeys(COLUMNS, "text") | dict.fromkeys(
    ["status", "duration_ms", "operations", "failed", "vps_id", "count"], "int"
)
TYPES |= {"replayed": "bool", "at": "timestamptz", "minute": "timestamptz"}
COUNTED_BY = ("minute", "status", "code")
# A call that was let in has no minute, and no minute is another one.
STORE = f"""
    INSERT INTO sync_calls ({", ".join(TYPES)})
    SELECT * FROM unnest({", ".join(f"%s::{type}[]" for type in TYPES.values())})
    ON CONFLICT ({", ".join(COUNTED_BY)}) DO UPDATE SET count = sync_calls.count + excluded.count
"""  # noqa: S608  names of columns


@dataclass(frozen=True)
class Call:
    """`action` is "" where no endpoint was reached. `code` and `message` are the refusal's, "" of what was done.

    `is_let_in`: an endpoint took it in, so it came with a valid key; calls that were not let in are counted by the minute.
    """

    request_id: str
    method: str
    path: str
    status: int
    duration_ms: int
    ip: str
    is_let_in: bool
    code: str = ""
    message: str = ""
    replayed: bool = False
    action: str = ""
    vps_id: int | None = None
    external_id: str | None = None
    user_id: int | None = None
    operations: int = 0
    failed: int = 0


def log_call(call: Call) -> None:
    """The facts are logged as JSON, so that the line is one line, whatever stands in it. The row comes a moment later."""
    facts = cut(call)
    shown = {name: value for name, value in facts.items() if value is not None and name not in LEFT_OUT}
    log.info("sync call %s", json.dumps(shown))
    rows.add(facts | {"at": datetime.now(UTC), "count": 1})


def cut(call: Call) -> dict[str, Any]:
    """To what the columns hold; PostgreSQL stores no NUL."""
    facts = vars(call)
    return facts | {name: facts[name].replace("\0", "")[:longest] for name, longest in LONGEST.items()}


def store(calls: list[dict[str, Any]]) -> None:
    """One statement, a transaction of its own, after those of the calls.

    They have been done by now, and must not fail because nobody could write them down: the log has the lines.
    """
    kept = counted([call | {"minute": minute_of(call)} for call in calls])
    columns = [[call[column] for call in kept] for column in TYPES]
    with connection.cursor() as cursor:
        cursor.execute(STORE, columns)


def minute_of(call: dict[str, Any]) -> datetime | None:
    at: datetime = call["at"]
    return None if call["is_let_in"] else at.replace(second=0, microsecond=0)


def counted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of one minute and refusal as one: a statement writes no row twice."""
    found: dict[Any, dict[str, Any]] = {}
    for number, row in enumerate(rows):
        key = number if row["is_let_in"] else tuple(row[column] for column in COUNTED_BY)
        known = found.setdefault(key, row | {"count": 0})
        known["count"] += row["count"]
    return list(found.values())


rows = WriteBehind(log, store)


def forget_old() -> int:
    """Calls past their time. Returns how many."""
    return forget("sync_calls", f"at < now() - interval '{KEPT_FOR.days} days'")
