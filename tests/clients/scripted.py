"""A server that answers as a test has written down, and remembers what it was asked. For the tests of the clients."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VPS = {"id": 7, "name": "web-01", "status": "creating"}
SYNCED = {"status": "success", "message": "VPS synced successfully", "vps": VPS}


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    at: float = field(default_factory=time.monotonic)


@dataclass
class Answer:
    """`body` is JSON, or bytes as they are; headers have _ for -.

    `stalls` seconds pass first; one that `drops` never comes.
    """

    status: int = 200
    body: Any = field(default_factory=lambda: SYNCED)
    headers: dict[str, str] = field(default_factory=dict)
    stalls: float = 0.0
    drops: bool = False


Line = Answer | Callable[[Asked], Answer]


def refusal(status: int, code: str, **headers: str) -> Answer:
    return Answer(status, {"status": "error", "message": f"Because of {code}.", "code": code}, headers)


class Scripted:
    """Its lines are said one after the other, and the last again and again."""

    def __init__(self, url: str, lines: list[Line]) -> None:
        self.url, self.lines, self.asked = url, lines, list[Asked]()

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        line = self.lines[min(len(self.asked), len(self.lines)) - 1]
        return line if isinstance(line, Answer) else line(asked)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Scripted

    def do_GET(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.script.answer(Asked(self.command, self.path, headers, json.loads(sent) if sent else None))
        time.sleep(answer.stalls)
        if answer.drops:
            self.close_connection = True
            return
        with contextlib.suppress(ConnectionError):
            self.send_answer(answer)

    def do_POST(self) -> None:
        self.do_GET()

    def send_answer(self, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        own = {"Content_Length": str(len(body)), "X_Request_ID": "req-1"}
        for name, value in (own | answer.headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """The tests' output is for what fails."""


@contextlib.contextmanager
def scripted(*lines: Line) -> Iterator[Scripted]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {}))
    server.daemon_threads = True
    script = Scripted(f"http://127.0.0.1:{server.server_port}", list(lines))
    server.RequestHandlerClass.script = script  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield script
    server.shutdown()
    server.server_close()
