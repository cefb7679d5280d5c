"""Redis behind TLS: Celery, the cache and the sockets check its certificate alike. A real listener, with a certificate of
its own that nobody has signed."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from celery import Celery
from django.core.cache.backends.redis import RedisCache
from django.test import override_settings

from launcher.certificate import certificate
from ospab_panel.redis_address import broker_url
from vps.sockets.listener import subscribed


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """(port, the certificate). It shakes hands and answers what a greeting and a PING expect."""
    pem, key, _ = certificate(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=greet_all, args=(server, context), daemon=True).start()
        yield server.getsockname()[1], pem


def greet_all(server: socket.socket, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError):
        while True:
            caller, _ = server.accept()
            threading.Thread(target=greet, args=(caller, context), daemon=True).start()


def greet(caller: socket.socket, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError), context.wrap_socket(caller, server_side=True) as spoken:
        while asked := spoken.recv(65536):
            commands = asked.split(b"*")[1:]
            spoken.sendall(b"".join(answer_to(command) for command in commands))


def answer_to(command: bytes) -> bytes:
    answers = {b"PING": b"+PONG\r\n", b"HELLO": b"%1\r\n+proto\r\n:3\r\n"}
    return next((answer for name, answer in answers.items() if name in command), b"+OK\r\n")


def by_celery(address: str) -> None:
    """What `send_task` connects by, without its patience."""
    app = Celery(broker=broker_url(address), set_as_current=False)
    with app.connection_for_write(connect_timeout=2) as connection:
        connection.default_channel.client.ping()


def by_cache(address: str) -> None:
    RedisCache(address, {"OPTIONS": {"socket_timeout": 2}})._cache.get_client().ping()


def by_sockets(address: str) -> None:
    async def subscribe() -> None:
        async with subscribed():
            pass

    with override_settings(REDIS_URL=address):
        async_to_sync(subscribe)()


@pytest.mark.parametrize("way", [by_celery, by_cache, by_sockets])
def test_redis_tls_refuses_a_certificate_that_nobody_vouches_for(way: Any, listener: tuple[int, Path]) -> None:
    """D8: a certificate that nobody vouches for is refused."""
    with pytest.raises(Exception, match=r"(?i)certificate.verify.failed"):
        way(f"rediss://localhost:{listener[0]}/0")


def test_redis_tls_takes_a_certificate_of_an_authority_that_is_named(listener: tuple[int, Path]) -> None:
    """D8: a certificate of an authority that is named is taken."""
    port, pem = listener
    by_celery(f"rediss://localhost:{port}/0?ssl_ca_certs={pem}")
    by_celery(f"rediss://localhost:{port}/0?ssl_cert_reqs=none")
