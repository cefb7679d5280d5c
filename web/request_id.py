"""The id of the request that is being served: for its answer, its log lines and the tasks that it rings for.

web.middleware gives it, ospab_panel.celery passes it on. Loaded before Django's apps are, so it imports none.
"""

import logging
import re
from contextvars import ContextVar
from random import getrandbits

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,128}")
NONE = "-"
current: ContextVar[str] = ContextVar("request_id", default=NONE)


def chosen(given: str) -> str:
    """The caller's own where it can stand in a header and in a line of the log; else a new one, which is no secret: to ask the
    system for it would have the thread wait for the interpreter afterwards.
    """
    return given if ACCEPTED.fullmatch(given) else f"{getrandbits(128):032x}"


class WithRequestId(logging.Filter):
    """Puts `request_id` on each record, for the format of the line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current.get()
        return True
