"""A WebSocket as the web server speaks it, with a limit for whoever does not read. For ospab_panel.http_protocol."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ospab_panel.write_limit import LimitedTransport

# Answers to pings that nobody takes.
MOST_LEFT = 1024 * 1024


class LimitedSocket(WebSocketsSansIOProtocol):
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.transport = LimitedTransport(getattr(transport, "transport", transport), self.loop)  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.get_write_buffer_size() > MOST_LEFT:
            self.transport.abort()
