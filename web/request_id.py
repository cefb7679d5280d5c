"""The id of the request that is being served: for its answer, its log lines and the tasks that it rings for.

web.middleware gives it, ospab_panel.celery passes it on. Loaded before Django's apps are, so it imports none.
"""

import logging
import re
import uuid
from contextvars import ContextVar

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,128}")
NONE = "-"
current: ContextVar[str] = ContextVar("request_id", default=NONE)


def chosen(given: str) -> str:
    """The caller's own where it can stand in a header and in a line of the log; else a new one."""
    return given if ACCEPTED.fullmatch(given) else uuid.uuid4().hex


class WithRequestId(logging.Filter):
    """Puts `request_id` on each record, for the format of the line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current.get()
        return True
