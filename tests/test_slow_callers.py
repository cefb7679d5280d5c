"""Who sends slowly, or without an end, takes nothing from anybody else: the web server itself, over real sockets."""

import json
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
import uvicorn

from ospab_panel import slow_bodies
from ospab_panel.asgi import application
from ospab_panel.http_protocol import JsonHttpProtocol
from tests.simulated import wait_for

LOGIN = b"POST /api/auth/login HTTP/1.1\r\nHost: testserver\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
ENDLESS = b"GET /healthz HTTP/1.1\r\nHost: testserver\r\nX-Endless: "


@pytest.fixture
def port() -> Iterator[int]:
    settings: dict[str, Any] = {"http": JsonHttpProtocol, "lifespan": "off", "log_config": None}
    server = uvicorn.Server(uvicorn.Config(application, port=0, **settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = server.force_exit = True
    thread.join(10)


def sending(port: int, data: bytes) -> socket.socket:
    caller = socket.create_connection(("127.0.0.1", port), timeout=10)
    caller.sendall(data)
    return caller


def answer_to(caller: socket.socket) -> tuple[int, Any]:
    head, _, body = b"".join(iter(lambda: caller.recv(65536), b"")).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def test_bodies_that_do_not_come_keep_no_thread_from_others(port: int) -> None:
    slow = [sending(port, LOGIN) for _ in range(20)]
    others = HTTPConnection("127.0.0.1", port, timeout=5)
    others.request("GET", "/healthz", headers={"Host": "testserver"})
    assert others.getresponse().status == 200
    for caller in slow:
        caller.close()


def test_a_body_that_does_not_come_in_time_is_refused(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_bodies, "WITHIN_S", 0.1)
    status, body = answer_to(sending(port, LOGIN))
    assert (status, body["status"], body["code"]) == (408, "error", "request_timeout")


def test_a_head_without_an_end_is_refused_before_it_fills_the_memory(port: int) -> None:
    caller = sending(port, ENDLESS + b"a" * 100_000)
    status, body = answer_to(caller)
    assert (status, body["status"], body["code"]) == (431, "error", "head_too_long")


def test_a_body_may_be_longer_than_any_head(port: int) -> None:
    others = HTTPConnection("127.0.0.1", port, timeout=5)
    others.request("POST", "/api/nothing", body=b"x" * 3_000_000, headers={"Host": "testserver"})
    first = others.getresponse()
    first.read()
    others.request("GET", "/healthz", headers={"Host": "testserver"})
    assert (first.status, others.getresponse().status) == (404, 200)
