"""The main site's end of the wire: a real HTTP server that answers as a test has it and remembers what it got."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Got:
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.body)["data"]
        return data

    def verified_by(self, secret: str) -> Any:
        """What the library of Standard Webhooks makes of it. Raises WebhookVerificationError."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass(frozen=True)
class Reply:
    """`hold` keeps the answer back until it is set; `drip_s` and `drip_head_s` send a byte each so many seconds; `raw` is
    all that is sent."""

    status: int = 200
    body: bytes = b"thanks"
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    drip_s: float = 0.0
    drip_head_s: float = 0.0
    raw: bytes | None = None

    @property
    def head(self) -> bytes:
        lines = {"Content-Length": str(len(self.body))} | self.headers
        return f"HTTP/1.1 {self.status} Said\r\n".encode() + b"".join(
            f"{name}: {value}\r\n".encode() for name, value in lines.items() if value
        )


class Receiver:
    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[Got] = []
        self.answer: Callable[[Got], Reply] = lambda got: Reply()

    @property
    def ids(self) -> list[str]:
        return [got.id for got in self.got]

    def types_of(self, vps_id: int) -> list[str]:
        return [got.event["type"] for got in self.got if got.event["vps_id"] == vps_id]

    def always(self, **reply: Any) -> None:
        self.answer = lambda got: Reply(**reply)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        got = Got(self.path, headers, body, self.client_address[1])
        receiver.got.append(got)
        self.reply(receiver.answer(got))

    def reply(self, reply: Reply) -> None:
        if reply.hold:
            reply.hold.wait(30)
        if reply.raw is not None:
            self.close_connection = True
            self.wfile.write(reply.raw)
            return
        self.drip(reply.head + b"\r\n", reply.drip_head_s)
        self.drip(reply.body, reply.drip_s)

    def do_GET(self) -> None:
        """Only who follows a redirect comes by it."""
        self.do_POST()

    def drip(self, sent: bytes, pause_s: float) -> None:
        size = 1 if pause_s else len(sent) or 1
        for start in range(0, len(sent), size):
            time.sleep(pause_s)
            self.wfile.write(sent[start : start + size])

    def log_message(self, *args: Any) -> None:
        """Quiet."""

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: Any) -> None:
        """Who hangs up on us is no news."""


@contextmanager
def receiving(path: str = "/hooks", tls: tuple[Path, Path] | None = None) -> Iterator[Receiver]:
    """One that listens on this machine; with TLS by this certificate and key."""
    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}{path}")
    server.receiver = receiver  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
