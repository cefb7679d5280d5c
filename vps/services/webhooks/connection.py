"""Connections that go to the very address that was checked, with TLS verified against the name. For `call`."""

import socket
import ssl
import time
from functools import partial
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from vps.services.webhooks.address import Forbidden, Resolve, checked, resolve
from vps.services.webhooks.head import WholeHead
from web.deadline import watch

CONNECT_S = 5.0


class ForbiddenAddress(NewConnectionError):
    """Nothing was sent."""


class Pinned(HTTPConnection):
    """Asks for the name's addresses once, and goes to one of them. Host, SNI and certificate are the name's all along."""

    response_class = WholeHead

    def __init__(self, *args: Any, allow_private: bool, resolve: Resolve, **options: Any) -> None:
        super().__init__(*args, **options)
        self.addresses = partial(checked, allow_private=allow_private, resolve=resolve)

    def _new_conn(self) -> socket.socket:
        try:
            sock = connect_first(self.addresses(self._dns_host, self.port), self.port)
        except Forbidden as error:
            raise ForbiddenAddress(self, str(error)) from error
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"{self.host} was not connected to in time") from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error
        watch(sock)
        return sock

    def request(self, *args: Any, **options: Any) -> None:
        """One that was kept from the call before is this call's now."""
        if self.sock is not None:
            watch(self.sock)
        super().request(*args, **options)


class PinnedTLS(Pinned, HTTPSConnection):
    """The same inside of TLS."""


class Pool(HTTPConnectionPool):
    ConnectionCls = Pinned


class TLSPool(HTTPSConnectionPool):
    ConnectionCls = PinnedTLS


def connect_first(addresses: list[str], port: int) -> socket.socket:
    """The first of them that answers, all of them in one time limit. Raises OSError."""
    until = time.monotonic() + CONNECT_S
    failure: OSError = OSError("it has no address")
    for address in addresses:
        try:
            sock = socket.create_connection((address, port), max(until - time.monotonic(), 0.1))
        except OSError as error:
            failure = error
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        if time.monotonic() > until:
            break
    raise failure


class PinnedAdapter(HTTPAdapter):
    """Decides alone whom to trust and whom to reach: neither `verify` nor the environment has a say."""

    def __init__(self, *, allow_private: bool, resolve: Resolve, tls: ssl.SSLContext) -> None:
        self.tls = {"ssl_context": tls}
        rules: dict[str, Any] = {"allow_private": allow_private, "resolve": resolve}
        self.pools = {"http": partial(Pool, **rules), "https": partial(TLSPool, **rules)}
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self.pools

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, self.tls if host["scheme"] == "https" else {}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The pool's TLS is settled above."""


class NoCookies(RequestsCookieJar):
    """What one endpoint sets is not sent back: many threads share the session."""

    def extract_cookies(self, *args: Any) -> None:
        """None is kept."""


class Session(requests.Session):
    """Follows nothing, and knows no proxy, no ~/.netrc and no cookie."""

    def get_redirect_target(self, resp: Any) -> None:
        """requests itself reads the whole answer of a redirect, even of one that it is not to follow."""
        return


def open_session(
    *, allow_private: bool, resolve: Resolve = resolve, tls: ssl.SSLContext | None = None
) -> requests.Session:
    """For several threads at a time. Its connections are kept between calls. Plain http is for private addresses' sake."""
    session = Session()
    session.trust_env = False
    session.cookies = NoCookies()
    adapter = PinnedAdapter(allow_private=allow_private, resolve=resolve, tls=tls or ssl.create_default_context())
    session.mount("https://", adapter)
    if allow_private:
        session.mount("http://", adapter)
    else:
        del session.adapters["http://"]
    return session
