"""A WebSocket as the web server speaks it, with limits for whoever does not speak or read. For ospab_panel.http_protocol."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ospab_panel.server_refusals import MALFORMED, said
from ospab_panel.write_limit import LimitedTransport

HANDSHAKE_WITHIN_S = 20
# Answers to pings that nobody takes.
MOST_LEFT = 1024 * 1024


class LimitedSocket(WebSocketsSansIOProtocol):
    """Whoever is silent once the socket is open is found out by uvicorn's pings."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.transport = LimitedTransport(getattr(transport, "transport", transport), self.loop)  # type: ignore[assignment]
        self.loop.call_later(HANDSHAKE_WITHIN_S, self.handshake_is_late)

    def handshake_is_late(self) -> None:
        if not self.handshake_complete:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """The first is the whole head: where nothing comes of it, nothing will."""
        super().data_received(data)
        if not self.handshake_initiated and not self.transport.is_closing():
            self.transport.write(said(*MALFORMED))
            self.transport.close()
        if self.transport.get_write_buffer_size() > MOST_LEFT:
            self.transport.abort()
