"""A WebSocket as the web server speaks it, with limits for whoever does not speak or read. For http_protocol."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ospab_panel.server.refusals import MALFORMED, TOO_MANY, response
from ospab_panel.server.write_limit import LimitedTransport

HANDSHAKE_WITHIN_S = 20
# With those that are shaking hands. Some connections are left for pages.
MOST_SOCKETS = 7000
# Often enough for proxies, which hang up on who is silent for a minute.
PING_EVERY_S = 45
# A caller sends its token, and a ping now and then.
MOST_FRAMES, FRAMES_A_SECOND = 30, 2
PIECE = 1024


class LimitedSocket(WebSocketsSansIOProtocol):
    """Whoever is silent once the socket is open is found out by uvicorn's pings."""

    open_now: set["LimitedSocket"] = set()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.open_now.add(self)
        self.frames_received, self.opened_at = 0, self.loop.time()
        self.ping_interval = PING_EVERY_S
        # What is sent is short; to compress it would double what a socket holds.
        self.conn.available_extensions = []
        self.transport = LimitedTransport(getattr(transport, "transport", transport), self.loop)  # type: ignore[assignment]
        self.loop.call_later(HANDSHAKE_WITHIN_S, self.handshake_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open_now.discard(self)
        super().connection_lost(exc)

    def handshake_is_late(self) -> None:
        if not self.handshake_complete:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """The first is the whole head: where nothing comes of it, nothing will."""
        if not self.handshake_initiated and len(self.open_now) > MOST_SOCKETS:
            self.refuse(TOO_MANY)
        for at in range(0, len(data), PIECE):
            if not self.transport.is_closing():
                super().data_received(data[at : at + PIECE])
        if not self.handshake_initiated and not self.transport.is_closing():
            self.refuse(MALFORMED)

    def handle_events(self) -> None:
        """Frames are read in Python, all of a piece at once, while everybody else waits."""
        self.frames_received += len(self.conn.events)
        if self.frames_received > MOST_FRAMES + (self.loop.time() - self.opened_at) * FRAMES_A_SECOND:
            self.transport.abort()
        else:
            super().handle_events()

    def refuse(self, fault: tuple[str, str, str]) -> None:
        self.transport.write(response(*fault))
        self.transport.close()
