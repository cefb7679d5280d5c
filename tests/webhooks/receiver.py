"""The main site's end of the wire: a real HTTP server that answers as it is told and remembers what it got."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
    def told(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.body)["data"]
        return data

    def verified_by(self, secret: str) -> Any:
        """What the library of Standard Webhooks makes of it. Raises WebhookVerificationError."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass(frozen=True)
class Reply:
    """`hold` keeps the answer back until it is set; `drip_s` sends a byte of the body each so many seconds."""

    status: int = 200
    body: bytes = b"thanks"
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    drip_s: float = 0.0


class Receiver:
    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[Got] = []
        self.answer: Callable[[Got], Reply] = lambda got: Reply()

    @property
    def ids(self) -> list[str]:
        return [got.id for got in self.got]

    def types_of(self, vps_id: int) -> list[str]:
        return [got.told["type"] for got in self.got if got.told["vps_id"] == vps_id]

    def always(self, **reply: Any) -> None:
        self.answer = lambda got: Reply(**reply)


@contextmanager
def receiving(path: str = "/hooks") -> Iterator[Receiver]:
    """One that listens on this machine."""
    receiver = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Got(self.path, headers, body, self.client_address[1])
            receiver.got.append(got)
            reply = receiver.answer(got)
            if reply.hold:
                reply.hold.wait(30)
            self.send_response(reply.status)
            for name, value in ({"content-length": str(len(reply.body))} | reply.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.send_body(reply)

        do_GET = do_POST

        def send_body(self, reply: Reply) -> None:
            if not reply.drip_s:
                self.wfile.write(reply.body)
                return
            for byte in reply.body:
                time.sleep(reply.drip_s)
                self.wfile.write(bytes([byte]))

        def log_message(self, *args: Any) -> None:
            """Quiet."""

        def finish(self) -> None:
            try:
                super().finish()
            except OSError:
                self.close_connection = True

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: Any) -> None:
            """Who hangs up on us is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}{path}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
