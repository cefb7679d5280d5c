"""The client of the benchmarks: what it sends, and when it takes an answer for whole."""

import socket
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from benchmarks.load import Connection, requests_of

TASK: dict[str, Any] = {"connections": 2, "of": [1, 2, 3, 4], "order": {"name": "web"}, "prefix": "p", "key": "k"}


def first(what: str, count: int) -> list[list[bytes]]:
    """Of each connection."""
    return [list(islice(requests_of(TASK | {"what": what}, at), count)) for at in range(2)]


def test_load_names_each_new_server_by_an_id_of_its_own() -> None:
    one, other = first("create", 5)
    assert len({request.partition(b'"external_id"')[2] for request in one + other}) == 10


def test_load_changes_with_each_update_what_no_other_connection_changes() -> None:
    one, other = first("update", 5)
    assert [request.rpartition(b'"vps": ')[2] for request in one] == [
        b'{"id": 1, "status": "stopped"}}',
        b'{"id": 3, "status": "stopped"}}',
        b'{"id": 1, "status": "running"}}',
        b'{"id": 3, "status": "running"}}',
        b'{"id": 1, "status": "stopped"}}',
    ]
    assert not set(one) & set(other)


@pytest.fixture
def pair() -> Iterator[tuple[Connection, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        connection = Connection(server.getsockname()[1], iter([b"hello"]))
        with connection.socket, server.accept()[0] as far:
            yield connection, far


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 201 Created\r\nContent-Le", b"ngth: 4\r\n\r\n", b"bo", b"dy"],
        [b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n", b"body\r\n", b"0\r\n\r\n"],
    ],
)
def test_load_takes_an_answer_once_it_is_whole(pair: tuple[Connection, socket.socket], pieces: list[bytes]) -> None:
    connection, far = pair
    connection.send()
    assert far.recv(100) == b"hello"
    statuses = []
    for piece in pieces:
        far.sendall(piece)
        statuses.append(connection.status())
    assert statuses == [*[None] * (len(pieces) - 1), 201]
