"""A host that does what no well-behaved server does. A fixture for the driver's tests."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from launcher.certificate import certificate
from vps.hypervisor.base import Access

Act = Callable[[Any], None]


class Impostor:
    """`answering` and `breaking` start a host and give its `name:port`; `asked` counts the requests that reached it."""

    def __init__(self, folder: Path) -> None:
        pem, key, self.fingerprint = certificate(folder)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pem, key)
        self.sockets: list[socket.socket] = []
        self.asked = 0
        self.address = "127.0.0.1"

    def answering(self, answer: bytes | Act) -> str:
        """Reads a request over TLS, then sends these bytes, or acts on the connection."""

        def act(plain: socket.socket) -> None:
            with self.context.wrap_socket(plain, server_side=True) as connection:
                if not read_request(connection):
                    return
                self.asked += 1
                connection.sendall(answer) if isinstance(answer, bytes) else answer(connection)

        return self.breaking(act)

    def breaking(self, act: Act) -> str:
        """Acts on what connects, before any TLS."""
        server = socket.create_server((self.address, 0))
        self.sockets.append(server)
        threading.Thread(target=serve, args=(server, act), daemon=True).start()
        return f"{self.address}:{server.getsockname()[1]}"

    def access(self, *hosts: str, **changes: Any) -> Access:
        return Access(
            **{"hosts": hosts, "user": "panel@pve!portal", "secret": "s3cr3t"}
            | {"fingerprint": self.fingerprint}
            | changes
        )


def serve(server: socket.socket, act: Act) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=once, args=(connection, act), daemon=True).start()


def once(connection: socket.socket, act: Act) -> None:
    with connection, contextlib.suppress(OSError):
        act(connection)


def read_request(connection: ssl.SSLSocket) -> bool:
    """The body too: what is left unread would make the kernel reset the connection, and lose the answer.

    False where there is none: who does not trust us hangs up after the handshake.
    """
    with connection.makefile("rb") as stream:
        length = 0
        if not stream.readline():
            return False
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        stream.read(length)
    return True


def http_answer(body: bytes, status: str = "200 OK", length: int | None = None, headers: str = "") -> bytes:
    """It says that no more comes on this connection, as none does: else the next call may still take it up."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {length or len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[Impostor]:
    made = Impostor(tmp_path)
    yield made
    for server in made.sockets:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
