"""A bad network between a client and the panel: requests and answers get lost, come late, and come twice. For the tests."""

import contextlib
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse, parse_headers
from io import BytesIO
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, BinaryIO

# What becomes of a request, and of how many in a hundred.
FAULTS = {"request lost": 8, "answer lost": 8, "sent twice": 12, "delayed": 10, "answered too late": 1, "nothing": 61}
DELAY_S = 0.05


class Proxy(ThreadingTCPServer):
    """Passes to the panel at `port` whatever it does not harm. `dealt` counts what became of the requests."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, seed: int, too_late_s: float) -> None:
        super().__init__(("127.0.0.1", 0), OneConnection)
        self.panel, self.too_late_s = ("127.0.0.1", port), too_late_s
        self.dice, self.pen = random.Random(seed), threading.Lock()
        self.dealt = Counter[str]()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def fault(self) -> str:
        with self.pen:
            fault = self.dice.choices(list(FAULTS), list(FAULTS.values()))[0]
            self.dealt[fault] += 1
        return fault

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has hung up is none."""


class OneConnection(StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        """One request after the other, as long as the client keeps the connection."""
        while sent := request_of(self.rfile):
            answer = self.answer_to(sent, self.server.fault())
            if not answer:
                return
            self.wfile.write(answer)

    def answer_to(self, sent: bytes, fault: str) -> bytes:
        """Nothing where the connection is lost."""
        if fault == "request lost":
            return b""
        if fault == "delayed":
            time.sleep(DELAY_S)
        answer = self.of_two(sent) if fault == "sent twice" else asked(self.server.panel, sent)
        if fault == "answered too late":
            time.sleep(self.server.too_late_s)
        return b"" if fault == "answer lost" else answer

    def of_two(self, sent: bytes) -> bytes:
        with ThreadPoolExecutor(2) as both:
            return next(both.map(asked, [self.server.panel] * 2, [sent] * 2))


def request_of(wire: BinaryIO) -> bytes:
    """The bytes of the next request, or none where the client has hung up."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = wire.readline()
        if not line:
            return b""
        head += line
    fields = parse_headers(BytesIO(head.partition(b"\r\n")[2]))
    return head + wire.read(int(fields["Content-Length"] or 0))


def asked(panel: tuple[str, int], sent: bytes) -> bytes:
    with socket.create_connection(panel, timeout=60) as wire:
        wire.sendall(sent)
        answer = HTTPResponse(wire)
        answer.begin()
        body = answer.read()
    kept = [
        (name, value) for name, value in answer.getheaders() if name.lower() not in ("connection", "content-length")
    ]
    lines = [f"{name}: {value}\r\n" for name, value in [*kept, ("Content-Length", str(len(body)))]]
    return f"HTTP/1.1 {answer.status} {answer.reason}\r\n{''.join(lines)}\r\n".encode() + body


@contextlib.contextmanager
def bad_network(port: int, seed: int, too_late_s: float) -> Iterator[Proxy]:
    with Proxy(port, seed, too_late_s) as proxy:
        threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield proxy
        proxy.shutdown()
