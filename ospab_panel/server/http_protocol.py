"""HTTP as the web server speaks it, with limits for whoever speaks it badly. uvicorn calls it, by `--http`.

What it refuses no application sees, and nobody can tell whether that was meant for the API, whose callers read nothing
but JSON.
"""

import asyncio
import resource
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ospab_panel.server.refusals import MALFORMED, TOO_LONG, TOO_MANY, TOO_SLOW, response
from ospab_panel.server.socket_protocol import LimitedSocket
from ospab_panel.server.write_limit import LimitedTransport

# Far more than any caller of ours sends. What frames a body counts too: sizes and extensions of chunks, trailers.
LONGEST_HEAD = 64 * 1024
MOST_HEADERS = 100
MOST_IN_LINE = 16
HEAD_WITHIN_S = 20
# Who was refused in the midst of a body may go on for a moment, or would never read why.
LINGERS_S = 5
LINGERS_FOR = 64 * 1024 * 1024
# What is kept for PostgreSQL, Redis and files.
OWN_FILES = 200


def most_connections() -> int:
    """As many files as the system lets this process open; each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = min(hard, 65536) if hard != resource.RLIM_INFINITY else 65536
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return max(min(max(soft, most) - OWN_FILES, 10_000), 100)


MOST_CONNECTIONS = most_connections()


class TooMuch(Exception):
    """Ends the parser; `fault` says why."""


class Transport(LimitedTransport):
    """Closed in the midst of a body, it first reads on for a moment: a connection that is reset loses its answer."""

    def __init__(self, protocol: "JsonHttpProtocol", transport: Any) -> None:
        super().__init__(transport, protocol.loop)
        self.protocol = protocol

    def is_closing(self) -> bool:
        return self.protocol.is_lingering or self.transport.is_closing()

    def close(self) -> None:
        if self.protocol.is_in_message and not self.is_closing():
            self.protocol.linger()
        elif not self.protocol.is_lingering:
            super().close()


class JsonHttpProtocol(HttpToolsProtocol):
    # Connections whose callers have yet to send something, a head or a body, whoever has been silent longest first.
    waiting: dict["JsonHttpProtocol", None] = {}
    is_in_head = is_in_message = is_lingering = is_upgraded = False
    frame_length = head_length = lingered = 0
    fault = MALFORMED
    head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(Transport(self, transport))  # type: ignore[arg-type]
        self.wait_for_head()
        self.waiting[self] = None
        if len(self.connections) > MOST_CONNECTIONS:
            self.make_room()

    def make_room(self) -> None:
        oldest = next(iter(self.waiting))
        if oldest is self:
            self.transport.write(response(*TOO_MANY))
            self.transport.close()
        else:
            oldest.transport.abort()
            del self.waiting[oldest]

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_in_message = False
        self.head_is_there()
        self.waiting.pop(self, None)
        super().connection_lost(exc)

    # What comes in

    def data_received(self, data: bytes) -> None:
        if self.is_lingering:
            self.let_pass(data)
            return
        self.frame_length += len(data)
        super().data_received(data)
        if self.frame_length > LONGEST_HEAD:
            self.give_up(TOO_LONG)
        if not self.is_upgraded and self.is_idle:
            self.wait_for_head()

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MOST_IN_LINE:
            self.transport.abort()
            raise TooMuch
        super().on_message_begin()
        self.is_in_head = self.is_in_message = True
        self.head_length = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self.count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A trailer is no header of the request, which is being answered already."""
        if self.is_in_head:
            super().on_header(name, value)
            self.count(len(name) + len(value))

    def count(self, length: int) -> None:
        self.head_length += length
        if self.head_length > LONGEST_HEAD or len(self.headers) > MOST_HEADERS:
            self.fault = TOO_LONG
            raise TooMuch

    def on_headers_complete(self) -> None:
        self.is_in_head = False
        self.head_is_there()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.frame_length -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.is_in_message = False
        self.frame_length = 0
        self.waiting.pop(self, None)
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self.is_upgraded = True
        self.waiting.pop(self, None)
        self.ws_protocol_class = LimitedSocket
        super().handle_websocket_upgrade()

    # Waiting

    @property
    def is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    @property
    def is_buffering(self) -> bool:
        """A body, of the one request that there is, and nothing was answered yet."""
        is_in_body = self.is_in_message and not self.is_in_head
        return is_in_body and not self.pipeline and not self.cycle.response_started

    def wait_for_head(self) -> None:
        if self.head_timer is None and not self.transport.is_closing():
            self.head_timer = self.loop.call_later(HEAD_WITHIN_S, self.head_is_late)

    def head_is_late(self) -> None:
        """Browsers open connections before they need them, and take an answer to nothing for one to their next request."""
        self.head_timer = None
        if not self.is_idle:
            return
        if self.frame_length:
            self.give_up(TOO_SLOW)
        else:
            self.transport.close()

    def head_is_there(self) -> None:
        if self.head_timer:
            self.head_timer.cancel()
            self.head_timer = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and self.is_idle:
            self.waiting[self] = None

    # Refusing

    def send_400_response(self, msg: str) -> None:
        self.give_up(self.fault)

    def give_up(self, fault: tuple[str, str, str]) -> None:
        """Where an answer is under way no other can be given."""
        if self.transport.is_closing():
            return
        if self.is_idle or self.is_buffering:
            self.refuse(*fault)
        else:
            self.transport.abort()

    def refuse(self, status: str, message: str, code: str) -> None:
        """The application, which may be buffering the body, learns that nobody is there any more."""
        self.transport.write(response(status, message, code))
        if self.cycle:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.is_in_message = True
        self.transport.close()

    def linger(self) -> None:
        self.is_lingering = True
        self.head_is_there()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGERS_S, self.transport.abort)

    def let_pass(self, data: bytes) -> None:
        self.lingered += len(data)
        if self.lingered > LINGERS_FOR:
            self.transport.abort()
