"""Writes down each call of the main site and how it ended: a line of the log and a row. vps.api.call_log calls it."""

import json
import logging
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import Error, connection
from psycopg_pool import PoolTimeout

from vps.models.sync_call import LONGEST
from web.forgetting import forget

log = logging.getLogger("sync")
KEPT_FOR = timedelta(days=30)
COLUMNS = ["request_id", "action", "path", "status", "code", "message", "duration_ms", "operations", "failed"]
COLUMNS += ["replayed", "vps_id"]
# The log names what was refused by its code: a message may quote what was sent.
LEFT_OUT = {"message", "is_let_in"}
# A call that was let in has no minute, and no minute is another one.
STORE = f"""
    INSERT INTO sync_calls (at, count, minute, {", ".join(COLUMNS)})
    VALUES (now(), 1, CASE WHEN %(is_let_in)s THEN NULL ELSE date_trunc('minute', now()) END,
            {", ".join(f"%({column})s" for column in COLUMNS)})
    ON CONFLICT (minute, status, code) DO UPDATE SET count = sync_calls.count + 1
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
    """The facts are logged as JSON, so that the line is one line, whatever stands in it."""
    facts = cut(call)
    shown = {name: value for name, value in facts.items() if value is not None and name not in LEFT_OUT}
    log.info("sync call %s", json.dumps(shown))
    store(facts)


def cut(call: Call) -> dict[str, Any]:
    """To what the columns hold; PostgreSQL stores no NUL."""
    facts = asdict(call)
    return facts | {name: facts[name].replace("\0", "")[:longest] for name, longest in LONGEST.items()}


def store(facts: dict[str, Any]) -> None:
    """One statement, a transaction of its own, after that of the call.

    The call has been done by now, and must not fail because nobody could write it down: the log has the line.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(STORE, facts)
    except (Error, PoolTimeout) as error:
        log.error("call %s was not stored: %s", facts["request_id"], error)


def forget_old() -> int:
    """Calls past their time. Returns how many."""
    return forget("sync_calls", f"at < now() - interval '{KEPT_FOR.days} days'")
