"""One call to an endpoint, and what came of it. It takes 20 s at most, and raises nothing. For `send`, in its threads."""

import logging
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from vps.models import WebhookAttempt
from vps.models.webhook_attempt import ANSWER_KEPT
from vps.services.webhooks.connection import CONNECT_S, ForbiddenAddress
from web.deadline import Deadline, deadline

log = logging.getLogger(__name__)
READ_S = 15.0
TOTAL_S = 20.0
MOST_READ = 64 * 1024
Error = WebhookAttempt.Error
# The first that fits. A connection is refused by a kind of error of its own.
ERRORS: list[tuple[type[Exception], Error]] = [
    (ForbiddenAddress, Error.ADDRESS),
    (requests.exceptions.InvalidSchema, Error.ADDRESS),
    (requests.exceptions.InvalidURL, Error.ADDRESS),
    (NameResolutionError, Error.NAME),
    (SSLError, Error.TLS),
    (NewConnectionError, Error.CONNECTION),
    (ConnectTimeoutError, Error.TIMED_OUT),
    (ReadTimeoutError, Error.TIMED_OUT),
    (requests.exceptions.Timeout, Error.TIMED_OUT),
    (Exception, Error.BROKEN),
]


@dataclass(frozen=True)
class Answer:
    """`status` is None where none came, and `error` says why. `text` is the beginning of the body."""

    status: int | None = None
    error: str = ""
    took_ms: int = 0
    text: str = ""
    retry_after_s: float = 0.0

    @property
    def is_well(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == 410

    @property
    def failure(self) -> str:
        """In a word, for staff."""
        return f"HTTP {self.status}" if self.status else self.error


def call(session: requests.Session, url: str, headers: dict[str, str], body: bytes) -> Answer:
    began = time.monotonic()
    with deadline(TOTAL_S) as limit:
        try:
            status, text, retry_after_s = post(session, url, headers, body)
        except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            return Answer(error=error_of(error, limit), took_ms=since(began))
        except Exception:
            # One answer that nobody has thought of must not hold up all that waits for an endpoint.
            log.exception("a call came to nothing")
            return Answer(error=Error.BROKEN, took_ms=since(began))
    if limit.is_over:
        return Answer(error=Error.TIMED_OUT, took_ms=since(began))
    return Answer(status, "", since(began), text, retry_after_s)


def post(session: requests.Session, url: str, headers: dict[str, str], body: bytes) -> tuple[int, str, float]:
    timeout = (CONNECT_S, READ_S)
    with session.post(url, data=body, headers=headers, timeout=timeout, stream=True, allow_redirects=False) as response:
        return response.status_code, read(response), retry_after_of(response.headers.get("Retry-After", ""))


def read(response: requests.Response) -> str:
    """What an answer holds beyond the limit is left unread, and its connection with it."""
    chunks, size = [], 0
    while size < MOST_READ and (chunk := response.raw.read1(MOST_READ - size, decode_content=False)):
        chunks.append(chunk)
        size += len(chunk)
    beginning = b"".join(chunks)[:ANSWER_KEPT]
    return beginning.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def retry_after_of(text: str) -> float:
    """Seconds, from a number of them or an HTTP date; 0 where it is neither."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        return max((parsedate_to_datetime(text).astimezone(UTC) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, OverflowError):
        return 0.0


def error_of(error: Exception, limit: Deadline) -> Error:
    if limit.is_over:
        return Error.TIMED_OUT
    cause: object = error.args[0] if error.args else None
    cause = getattr(cause, "reason", cause)
    found = (name for kind, name in ERRORS if isinstance(cause, kind) or isinstance(error, kind))
    return next(found, Error.BROKEN)


def since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
