"""What slow and hostile callers do to a web server, each a context: while it is entered, the attack is on.

tests/stack/test_attacks.py runs them. Against a panel that runs already: `python -m tests.stack.attacks localhost:5050 KEY`.
"""

import contextlib
import re
import resource
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection

MANY = 24  # more than the threads of both web processes
SMALL = 4096  # of a receive buffer
MIB = 1024 * 1024
UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
PING = b"\x89\xe4\x00\x00\x00\x00" + b"x" * 100


@dataclass
class Target:
    """The panel as anybody reaches it, who knows nothing but its address; `key` is the main site's."""

    host: str
    port: int
    key: str = ""
    open: list[socket.socket] = field(default_factory=list)

    def connect(self, data: bytes = b"", *, receives: int = 0) -> socket.socket:
        caller = socket.socket()
        if receives:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        caller.settimeout(10)
        self.open.append(caller)
        caller.connect(("127.0.0.1", self.port))
        caller.sendall(data)
        return caller

    def head(self, line: str, *headers: str) -> bytes:
        lines = [f"{line} HTTP/1.1", f"Host: {self.host}:{self.port}", *headers, "", ""]
        return "\r\n".join(lines).encode()

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """(status, body), over a connection of its own."""
        caller = HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(caller):
            caller.request("GET", path, headers={"Host": f"{self.host}:{self.port}"} | headers)
            answer = caller.getresponse()
            return answer.status, answer.read()

    def large_file(self) -> str:
        """The largest that a page names, a megabyte and a half."""
        return re.findall(rb'/static/[^"]+bundle[^"]*\.js', self.get("/api/docs")[1])[0].decode()

    def close(self) -> None:
        for caller in self.open:
            caller.close()
        self.open.clear()


Attack = Callable[[Target], contextlib.AbstractContextManager[None]]
ATTACKS: dict[str, Attack] = {}


def attack(function: Callable[[Target], Iterator[None]]) -> Attack:
    """Whatever it opened is closed at its end, without a word."""

    @contextlib.contextmanager
    def made(target: Target) -> Iterator[None]:
        try:
            yield from function(target)
        finally:
            target.close()

    ATTACKS[function.__name__] = made
    return made


# Who takes nothing


@attack
def a_static_file_that_is_not_read(target: Target) -> Iterator[None]:
    """C1"""
    asked = target.head(f"GET {target.large_file()}") * 4  # more than the kernel takes of it
    for _ in range(MANY):
        target.connect(asked, receives=SMALL)
    yield


@attack
def pages_and_answers_that_are_not_read(target: Target) -> Iterator[None]:
    for path in ("/api/schema", "/login/", "/static/nothing"):
        for _ in range(MANY):
            target.connect(target.head(f"GET {path}") * 10, receives=SMALL)
    yield


@attack
def requests_in_line_that_are_left(target: Target) -> Iterator[None]:
    """C2, for static files, pages and the API alike"""
    for path in (target.large_file(), "/login/", "/api/schema", "/api/vps"):
        for _ in range(MANY):
            target.connect(target.head(f"GET {path}") * 3, receives=SMALL)
    time.sleep(3)
    target.close()
    yield


@attack
def requests_in_line_without_an_end(target: Target) -> Iterator[None]:
    for _ in range(4):
        with contextlib.suppress(OSError):
            target.connect(target.head("GET /login/") * 5000, receives=SMALL)
    yield


# Whose bodies do not come


@attack
def bodies_that_do_not_come(target: Target) -> Iterator[None]:
    """C3 at every kind of endpoint: the first of it at once, and then nothing."""
    form, json_body = "Content-Type: multipart/form-data; boundary=b", "Content-Type: application/json"
    endpoints = [
        ("/login/", form, f"Cookie: csrf={'a' * 32}"),
        ("/admin/login/", form, f"Cookie: csrf={'a' * 32}"),
        ("/api/auth/login", json_body, ""),
        ("/api/vps/sync/batch", json_body, ""),
        ("/api/vps/sync/batch", json_body, "X-API-Key: wrong"),
        ("/api/vps/sync/batch", json_body, f"X-API-Key: {target.key}"),
        ("/api/nothing", json_body, ""),
        ("/ws/events", json_body, ""),
        ("/static/nothing", json_body, ""),
    ]
    for path, *headers in endpoints:
        head = target.head(f"POST {path}", f"Content-Length: {MIB}", *filter(None, headers))
        for _ in range(MANY // 3):
            target.connect(head + b"x" * (MIB // 2))
    yield


@attack
def a_form_that_comes_by_the_byte(target: Target) -> Iterator[None]:
    """C3: a megabyte, and then a byte now and then"""
    size = MIB + 1000
    boundary = "Content-Type: multipart/form-data; boundary=b"
    head = target.head("POST /login/", f"Content-Length: {size}", boundary, f"Cookie: csrf={'a' * 32}")
    part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    callers = []
    for _ in range(MANY):
        with contextlib.suppress(OSError):
            callers.append(target.connect(head + part + b"x" * MIB))
    with dripping(callers, b"x"):
        yield


@attack
def uploads_at_full_speed(target: Target) -> Iterator[None]:
    """C4: what is refused is sent nevertheless"""
    head = target.head("POST /login/", f"Content-Length: {300 * MIB}", "Content-Type: multipart/form-data; boundary=b")
    part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    callers = [target.connect(head + part) for _ in range(3)]
    with dripping(callers, b"x" * MIB, every=0.01):
        yield


# Heads


@attack
def heads_that_stall(target: Target) -> Iterator[None]:
    """C8"""
    for _ in range(500):
        target.connect(b"GET /login/ HTTP/1.1\r\nHost: lo")
    yield


@attack
def heads_without_an_end(target: Target) -> Iterator[None]:
    callers = [target.connect(b"GET /login/ HTTP/1.1\r\nHost: localhost\r\nX-Endless: ") for _ in range(MANY)]
    with dripping(callers, b"a" * 16000, every=0.05):
        yield


@attack
def headers_beyond_number(target: Target) -> Iterator[None]:
    head = target.head("GET /login/", *(f"x{number}: 1" for number in range(5000)))
    for _ in range(MANY):
        with contextlib.suppress(OSError):
            target.connect(head)
    yield


@attack
def trailers_without_an_end(target: Target) -> Iterator[None]:
    """C7"""
    head = target.head("POST /api/auth/login", "Transfer-Encoding: chunked", "Content-Type: application/json")
    callers = [target.connect(head + b"2\r\n{}\r\n0\r\n") for _ in range(MANY)]
    with dripping(callers, b"X-Trailer: " + b"a" * 4000 + b"\r\n", every=0.01):
        yield


# Who only sits there


@attack
def connections_that_lie_idle(target: Target) -> Iterator[None]:
    for _ in range(idle_connections()):
        target.connect()
    yield


def idle_connections() -> int:
    """5,000, or what this machine lets a process open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(5000, hard - 500)


@attack
def connections_that_lie_idle_after_one_request(target: Target) -> Iterator[None]:
    for _ in range(200):
        target.connect(target.head("GET /healthz"))
    yield


@attack
def sockets_whose_handshake_stalls(target: Target) -> Iterator[None]:
    for path in ("/ws/pages", "/ws/events", "/ws/nothing"):
        head = target.head(f"GET {path}", *UPGRADE)
        for _ in range(MANY):
            target.connect(head[:-20])
            target.connect(head, receives=SMALL)
    yield


@attack
def sockets_that_ping_and_do_not_read(target: Target) -> Iterator[None]:
    """A socket of a program is open before its token comes."""
    head = target.head("GET /ws/events", *UPGRADE)
    callers = [target.connect(head, receives=SMALL) for _ in range(MANY)]
    with dripping(callers, PING * 500, every=0.01):
        yield


@attack
def requests_that_nobody_understands(target: Target) -> Iterator[None]:
    """C6, and what a parser stumbles over"""
    odd = [
        target.head("POST /api/auth/login", "Content-Type: application/json; charset*=bogus''x", "Content-Length: 2")
        + b"{}",
        target.head("GET /ws/events", *UPGRADE, "X-Long: " + "a" * 9000),
        target.head("GET /ws/events", *UPGRADE, "Content-Length: 5"),
        target.head("GET /healthz", "Connection: Upgrade", "Upgrade: h2c"),
        b"\x16\x03\x01\x02\x00\x01\x00",
    ]
    for data in odd:
        for _ in range(MANY):
            target.connect(data, receives=SMALL)
    yield


@contextlib.contextmanager
def dripping(callers: list[socket.socket], data: bytes, every: float = 0.5) -> Iterator[None]:
    """Each goes on sending this, for as long as it is let."""
    ended = threading.Event()

    def drip() -> None:
        going = set(callers)
        for caller in going:
            caller.setblocking(False)
        while going and not ended.wait(every):
            for caller in list(going):
                try:
                    caller.send(data)
                except BlockingIOError:
                    continue
                except OSError:
                    going.discard(caller)

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


# What others see meanwhile


def slowest_of(target: Target, paths: tuple[str, ...] = ("/healthz", "/login/", "/api/vps")) -> float:
    """Seconds that the slowest of some normal requests took. Raises OSError where one is not answered."""
    took = []
    for path in paths * 3:
        began = time.monotonic()
        status, _ = target.get(path)
        assert status < 500, (path, status)
        took.append(time.monotonic() - began)
    return max(took)


def answered_at_once(target: Target, callers: int = 16) -> int:
    """Of so many at the same time."""
    statuses: list[int] = []

    def ask() -> None:
        with contextlib.suppress(OSError):
            statuses.append(target.get("/login/")[0])

    threads = [threading.Thread(target=ask) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses.count(200)


def main(address: str, key: str = "") -> None:
    host, _, port = address.partition(":")
    target = Target(host, int(port), key)
    calm = slowest_of(target)
    report = [f"calm: {calm:.3f} s"]
    for name, start in ATTACKS.items():
        try:
            with start(target):
                meanwhile = f"{slowest_of(target):.3f} s"
        except (OSError, AssertionError) as error:
            meanwhile = repr(error)
        report.append(f"{name}: {meanwhile}, then {answered_at_once(target)} of 16")
    sys.stdout.write("\n".join(report) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
