"""Who sends slowly, does not read, or never ends, takes nothing from anybody else: the web server over real sockets."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from ospab_panel.asgi import application
from ospab_panel.server import request_body, wsgi_bridge
from ospab_panel.server.http_protocol import JsonHttpProtocol
from ospab_panel.server.wsgi_bridge import WsgiBridge
from ospab_panel.server.wsgi_environ import Input
from tests.seams import Shorten
from tests.simulated import wait_for

LOGIN = b"POST /api/auth/login HTTP/1.1\r\nHost: testserver\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
CHUNKED = b"POST /api/auth/login HTTP/1.1\r\nHost: testserver\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: testserver\r\n\r\n"
ENDLESS = b"GET /healthz HTTP/1.1\r\nHost: testserver\r\nX-Endless: "
MIB = 1024 * 1024
LARGE = b"x" * (16 * MIB)  # more than the kernel takes


def large_answers(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [LARGE]


def broken(environ: Any, start_response: Any) -> list[bytes]:
    raise LookupError("nobody thought of it")


@contextlib.contextmanager
def serving(served: Any) -> Iterator[int]:
    settings: dict[str, Any] = {"http": JsonHttpProtocol, "lifespan": "off", "log_config": None}
    server = uvicorn.Server(uvicorn.Config(served, port=0, **settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = server.force_exit = True
    thread.join(10)


@pytest.fixture
def port() -> Iterator[int]:
    with serving(application) as port:
        yield port


@pytest.fixture
def large_port() -> Iterator[int]:
    with serving(WsgiBridge(large_answers, 1)) as port:
        yield port


def sending(port: int, data: bytes, receives: int = 0) -> socket.socket:
    caller = socket.socket()
    if receives:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    caller.settimeout(20)
    caller.connect(("127.0.0.1", port))
    caller.sendall(data)
    return caller


def all_of(caller: socket.socket) -> bytes:
    """Until it is closed, or cut off."""
    answer = b""
    with contextlib.suppress(ConnectionError):
        while part := caller.recv(65536):
            answer += part
    return answer


def answer_to(caller: socket.socket) -> tuple[int, Any]:
    head, _, body = all_of(caller).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def is_healthy(port: int) -> bool:
    others = HTTPConnection("127.0.0.1", port, timeout=20)
    others.request("GET", "/healthz", headers={"Host": "testserver"})
    return others.getresponse().status == 200


# Bodies


def test_request_body_that_does_not_come_keeps_no_thread_from_others(port: int) -> None:
    slow = [sending(port, LOGIN) for _ in range(20)]
    assert is_healthy(port)
    for caller in slow:
        caller.close()


def test_request_body_that_does_not_come_in_time_is_408(port: int, shorten: Shorten) -> None:
    shorten(body_within_s=0.1)
    status, body = answer_to(sending(port, LOGIN))
    assert (status, body["status"], body["code"]) == (408, "error", "request_timeout")


@pytest.mark.parametrize("path", ["/api/nothing", "/api/vps", "/api/vps/sync", "/ws/pages"])
def test_request_body_over_the_limit_is_refused_before_it_is_sent(
    port: int, path: str, transactional_db: None, static_files: None
) -> None:
    """C4: `Expect` asks whether to go on; 100 would say so."""
    head = f"POST {path} HTTP/1.1\r\nHost: testserver\r\nContent-Length: {300 * MIB}\r\nExpect: 100-continue\r\n\r\n"
    answer = all_of(sending(port, head.encode()))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer


def test_request_body_over_the_limit_that_is_sent_nevertheless_is_413(port: int) -> None:
    others = HTTPConnection("127.0.0.1", port, timeout=20)
    others.request("POST", "/api/nothing", body=b"x" * 3_000_000, headers={"Host": "testserver"})
    answer = others.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (413, "too_large")


def test_request_body_of_a_batch_may_be_longer_and_the_connection_is_kept(
    port: int, settings: Any, transactional_db: None
) -> None:
    others = HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Host": "testserver", "X-API-Key": settings.MAIN_SITE_API_KEYS[0], "Content-Type": "application/json"}
    others.request("POST", "/api/vps/sync/batch", body=b"x" * 3_000_000, headers=headers)
    first = others.getresponse()
    answer = json.loads(first.read())
    others.request("GET", "/healthz", headers={"Host": "testserver"})
    assert (first.status, answer["code"], others.getresponse().status) == (400, "invalid_json", 200)


def test_request_body_of_a_batch_without_the_key_is_refused_before_it_is_read(
    port: int, transactional_db: None
) -> None:
    head = f"POST /api/vps/sync/batch HTTP/1.1\r\nHost: testserver\r\nContent-Length: {3 * MIB}\r\nX-API-Key: w\r\n\r\n"
    status, answer = answer_to(sending(port, head.encode()))
    assert (status, answer["code"]) == (401, "invalid_api_key")


def test_request_bodies_share_a_budget_and_the_largest_gives_way(port: int, shorten: Shorten) -> None:
    shorten(bytes_of_bodies=MIB)
    head = f"POST /api/nothing HTTP/1.1\r\nHost: testserver\r\nContent-Length: {MIB}\r\n\r\n".encode()
    large = sending(port, head + b"x" * (MIB - 1))
    wait_for(lambda: request_body.callers.taken > MIB // 2)
    small = sending(port, head + b"x" * (MIB // 4))
    status, answer = answer_to(large)
    assert (status, answer["code"]) == (503, "service_unavailable")
    small.close()
    wait_for(lambda: request_body.callers.taken == 0)


# Heads, and what is no head any more


@pytest.mark.parametrize(
    "more", [b"a" * 100_000, b"1\r\n" + b"X-1: 1\r\n" * 5000, b"1\r\n" + b"a: b\r\n" * 101 + b"\r\n"]
)
def test_request_head_without_an_end_is_refused_before_it_fills_the_memory(port: int, more: bytes) -> None:
    status, body = answer_to(sending(port, ENDLESS + more))
    assert (status, body["status"], body["code"]) == (431, "error", "head_too_long")


@pytest.mark.parametrize("trailer", [b"X-Trailer: " + b"a" * 1000 + b"\r\n", b"a" * 1000])
def test_request_trailers_without_an_end_are_refused(port: int, trailer: bytes) -> None:
    """C7: trailers without an end are refused."""
    status, body = answer_to(sending(port, CHUNKED + trailer * 500))
    assert (status, body["code"]) == (431, "head_too_long")


def test_request_trailer_is_no_header_of_the_request(port: int) -> None:
    caller = sending(port, CHUNKED + b"Connection: close\r\n\r\n" + HEALTH)
    assert b"411" in caller.recv(15)
    caller.close()


@pytest.mark.parametrize("begun", [b"GET /healthz HT", b"\r\n"])
def test_request_head_that_stalls_is_closed(port: int, shorten: Shorten, begun: bytes) -> None:
    """C8: a head that stalls is closed."""
    shorten(head_within_s=0.2)
    assert all_of(sending(port, begun)).startswith(b"HTTP/1.1 408")


def test_connection_on_which_nothing_came_is_closed_without_an_answer(port: int, shorten: Shorten) -> None:
    """C8: a browser that opened it in advance would take a refusal for the answer to what it asks next."""
    shorten(head_within_s=0.2)
    assert all_of(sending(port, b"")) == b""


@pytest.mark.parametrize("begun", [b"\r\n", HEALTH[:-2]])
def test_request_head_that_stalls_as_the_second_on_a_connection_is_closed(
    port: int, shorten: Shorten, begun: bytes
) -> None:
    """C8: the next head on a connection is closed too where it stalls."""
    shorten(head_within_s=0.2)
    caller = sending(port, HEALTH)
    wait_for(lambda: caller.recv(4096, socket.MSG_PEEK).endswith(b"ok"))
    caller.sendall(begun)
    assert b"HTTP/1.1 408" in all_of(caller)


def test_connection_takes_no_endless_line_of_requests(port: int) -> None:
    assert all_of(sending(port, HEALTH * 1000)).count(b"HTTP/1.1 200") < 1000
    assert is_healthy(port)


def test_connection_answers_some_requests_in_line_in_order(port: int) -> None:
    caller = sending(port, HEALTH * 4 + HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert all_of(caller).count(b"HTTP/1.1 200") == 5


@pytest.mark.parametrize("begun", [b"", HEALTH[:-2], LOGIN])
def test_connection_that_has_been_idle_for_longest_gives_way_where_there_are_too_many(
    port: int, shorten: Shorten, begun: bytes
) -> None:
    shorten(connections=5)
    idle = [sending(port, begun) for _ in range(4)] + [sending(port, b"")]
    assert is_healthy(port)
    assert all_of(idle[0]) == b""
    idle[-1].sendall(HEALTH)
    assert b"200" in idle[-1].recv(15)


# Answers


def test_wsgi_bridge_cuts_off_who_does_not_read_and_holds_no_thread_for_them(large_port: int, shorten: Shorten) -> None:
    """C1: who does not read holds no thread, and is cut off."""
    shorten(written_look_s=0.5)
    slow = [sending(large_port, HEALTH, receives=4096) for _ in range(3)]
    assert all_of(sending(large_port, closing(HEALTH))).endswith(LARGE[-1000:])
    wait_for(lambda: all(is_cut(caller) for caller in slow), 20)


def closing(request: bytes) -> bytes:
    return request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


def is_cut(caller: socket.socket, data: bytes = b"\r\n") -> bool:
    """Told by sending: reading would make room."""
    try:
        caller.sendall(data)
    except OSError:
        return True
    return False


def test_wsgi_bridge_answers_share_a_budget_and_the_largest_gives_way(large_port: int, shorten: Shorten) -> None:
    shorten(bytes_of_answers=len(LARGE) + MIB)
    slow = sending(large_port, HEALTH, receives=4096)
    wait_for(lambda: wsgi_bridge.answers.taken == len(LARGE))
    assert all_of(sending(large_port, closing(HEALTH))).endswith(LARGE[-1000:])
    slow.setblocking(True)
    assert len(all_of(slow)) < len(LARGE)


def test_wsgi_bridge_is_503_at_once_where_too_many_wait_for_a_thread(port: int, shorten: Shorten) -> None:
    shorten(requests_waiting=0)
    status, answer = answer_to(sending(port, HEALTH))
    assert (status, answer["code"]) == (503, "service_unavailable")


def test_wsgi_bridge_has_its_thread_free_when_a_caller_hangs_up(large_port: int) -> None:
    """C2: who hangs up leaves the thread free."""
    for _ in range(10):
        sending(large_port, HEALTH * 3, receives=4096).close()
    assert len(all_of(sending(large_port, closing(HEALTH)))) > len(LARGE)


def test_wsgi_bridge_computes_a_few_at_a_time(shorten: Shorten) -> None:
    shorten(admission_s=600)
    computing, most, go_on = [0], [0], threading.Event()

    def counted(environ: Any, start_response: Any) -> list[bytes]:
        computing[0] += 1
        most[0] = max(most[0], computing[0])
        go_on.wait(20)
        computing[0] -= 1
        start_response("200 OK", [])
        return [b"done"]

    bridge = WsgiBridge(counted, 8)
    with serving(bridge) as port:
        callers = [sending(port, closing(HEALTH)) for _ in range(6)]
        wait_for(lambda: bridge.waiting == 6 and computing[0] == wsgi_bridge.FEW)
        go_on.set()
        assert all(all_of(caller).endswith(b"done") for caller in callers)
    assert most[0] == wsgi_bridge.FEW


# Sockets


@pytest.mark.parametrize("more", ["X-Long: " + "a" * 9000, "Content-Length: 5", "Transfer-Encoding: chunked"])
def test_socket_handshake_that_comes_to_nothing_is_refused_at_once(port: int, more: str) -> None:
    status, answer = answer_to(sending(port, handshake(more)))
    assert (status, answer["code"]) == (400, "bad_request")


def test_socket_handshake_is_503_where_there_are_too_many_sockets(port: int, shorten: Shorten) -> None:
    shorten(sockets=1)
    first = sending(port, handshake())
    assert first.recv(12) == b"HTTP/1.1 101"
    head, _, body = all_of(sending(port, handshake())).partition(b"\r\n\r\n")
    assert (head[:12], json.loads(body)["code"]) == (b"HTTP/1.1 503", "service_unavailable")
    assert b"Retry-After: 5" in head
    assert is_healthy(port)


def test_socket_handshake_that_nobody_answers_is_closed(shorten: Shorten) -> None:
    shorten(handshake_within_s=0.2)
    with serving(never_answers) as port:
        assert all_of(sending(port, handshake())) == b""


async def never_answers(scope: Any, receive: Any, send: Any) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


@pytest.mark.parametrize(
    "frame", [b"\x89\x80", b"\x89\xe4", b"\x8a\x80", b"\x00\x81"], ids=["ping", "long", "pong", "part"]
)
def test_socket_that_is_sent_frames_without_an_end_is_cut_off(port: int, frame: bytes) -> None:
    """Each is read in Python, while everybody else waits."""
    caller = sending(port, handshake(), receives=4096)
    data = frame + bytes(4) + b"x" * (frame[1] & 0x7F)
    wait_for(lambda: is_cut(caller, data * 1000))


def test_socket_that_is_used_as_it_is_meant_stays_open(port: int, transactional_db: None) -> None:
    """A token of 60 KB, more pings than a client sends in five minutes, and a close that is answered."""
    with connect(f"ws://127.0.0.1:{port}/ws/events", additional_headers={"Host": "testserver"}) as caller:
        for _ in range(20):
            assert caller.ping().wait(10)
        caller.send(json.dumps({"token": "x" * 60_000}))
        with pytest.raises(ConnectionClosed) as closed:
            caller.recv(10)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4401


def handshake(*more: str) -> bytes:
    lines = ["GET /ws/events HTTP/1.1", "Host: testserver", "Connection: Upgrade", "Upgrade: websocket"]
    lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", *more, "", ""]
    return "\r\n".join(lines).encode()


def test_wsgi_bridge_makes_a_500_in_json_of_what_nobody_has_thought_of(caplog: pytest.LogCaptureFixture) -> None:
    with serving(WsgiBridge(broken, 1)) as port:
        status, answer = answer_to(sending(port, HEALTH))
    assert (status, answer["code"]) == (500, "internal_error")
    assert "nobody thought of it" in caplog.text


def test_wsgi_input_holds_a_body_no_longer_than_until_it_is_read() -> None:
    """C5: a body is held no longer than until it is read."""
    body = b"x" * 1000
    stream = Input(body)
    assert (stream.read(400), stream.read(-1), stream.read()) == (body[:400], body[400:], b"")
    assert stream.getbuffer().nbytes == 0
