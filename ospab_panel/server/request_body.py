"""A body is buffered whole, in the event loop, before a thread is taken for it; too large a one is not read at all.

ospab_panel.server.wsgi_bridge calls it.
"""

import re
from typing import Any

from accounts.authentication import is_valid_key
from ospab_panel.server.memory_budget import Budget, Share

MIB = 1024 * 1024
LARGEST = MIB
# What vps.api.sync takes of the main site, which is known by its key before a byte is read.
LARGEST_BATCH = 16 * MIB
# In the environ of a request whose body was not read: what it is larger than. ospab_panel.middleware refuses it.
LARGER_THAN = "panel.body_is_larger_than"
BATCH = re.compile(r"/+api/vps/sync/batch/?")
# A mobile connection sends its megabyte in this time, and the main site its sixteen.
PATIENCE_S = 30
SLOWEST = 256 * 1024  # bytes a second, beside
callers, main_site = Budget(64 * MIB), Budget(64 * MIB)


class TooLarge(Exception):
    """More than this caller may send there. What it sends is not read."""


class Gone(Exception):
    """The caller has hung up: half a body is not to be acted on."""


class Request:
    """What the head of a request says about its body."""

    def __init__(self, scope: Any) -> None:
        headers = dict(scope["headers"])
        self.is_chunked = b"transfer-encoding" in headers
        self.length = int(headers.get(b"content-length", 0))
        self.is_batch = is_batch(scope["path"], headers)
        self.largest = LARGEST_BATCH if self.is_batch else LARGEST
        self.budget = main_site if self.is_batch else callers
        self.has_body = self.is_chunked or self.length > 0

    @property
    def seconds(self) -> float:
        return PATIENCE_S + min(self.length, self.largest) / SLOWEST


def is_batch(path: str, headers: dict[bytes, bytes]) -> bool:
    return bool(BATCH.fullmatch(path)) and is_valid_key(headers.get(b"x-api-key", b"").decode("latin-1"))


async def buffer_body(request: Request, receive: Any, share: Share) -> bytes:
    """Raises TooLarge, Gone, TimeoutError, OverBudget. A body of unknown length is let pass by: Django refuses it."""
    if request.length > request.largest:
        raise TooLarge
    if not request.has_body:
        return b""
    async with share.waiting(request.seconds):
        parts = await parts_of(request, receive, share)
    return b"" if request.is_chunked else b"".join(parts)


async def parts_of(request: Request, receive: Any, share: Share) -> list[bytes]:
    parts: list[bytes] = []
    size, has_more = 0, True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part, has_more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > request.largest:
            raise TooLarge
        if not request.is_chunked:
            request.budget.reserve(share, len(part))
            parts.append(part)
    return parts
