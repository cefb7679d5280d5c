"""Connections to a Proxmox VE host: TLS verified against its CA, its pin or the system's store. For transport."""

import socket
import ssl
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from vps.addresses import is_local, names_a_link, names_this_machine, parsed
from vps.hypervisor.base import NEVER, Access, Unreachable
from web.crash_points import crash_point


class Late(NewConnectionError):
    """The connection stands, and nothing is sent over it any more."""


@dataclass
class Departure:
    """Until when (time.monotonic) the next request may leave. One for all connections of a session, which has one caller."""

    leave_by: float = NEVER


class Connection(HTTPSConnection):
    """Fails with NewConnectionError alone before anything was sent, and never with it afterwards.

    urllib3 itself gives a broken handshake and a broken answer the same types, and a command may be sent again after
    the first only. After the `departure` nothing is sent, over a new connection or one that was kept: whoever was paused on
    the way here has lost his turn.
    """

    def __init__(self, *args: Any, departure: Departure, **options: Any) -> None:
        super().__init__(*args, **options)
        self.departure = departure

    def _new_conn(self) -> socket.socket:
        """A name may stand for another address each time, so the one that was connected to is looked at."""
        if names_a_link(self.host):
            raise NewConnectionError(self, "no cluster has such an address")
        sock = super()._new_conn()
        address = parsed(sock.getpeername()[0])
        if address and is_local(address) and not names_this_machine(self.host):
            sock.close()
            raise NewConnectionError(self, "its name stands for an address of this machine or of a link")
        return sock

    def connect(self) -> None:
        try:
            super().connect()
        except NewConnectionError:
            raise
        except (HTTPError, OSError, ValueError) as error:
            raise NewConnectionError(self, str(error)) from error

    def request(self, *args: Any, **options: Any) -> None:
        if time.monotonic() > self.departure.leave_by:
            raise Late(self, "it is too late to send it")
        super().request(*args, **options)

    def getresponse(self) -> Any:
        """The request has left."""
        if self.departure.leave_by < NEVER:
            crash_point("after_send")
        return super().getresponse()


class Pool(HTTPSConnectionPool):
    ConnectionCls = Connection


class VerifyingAdapter(HTTPAdapter):
    """Decides alone what is trusted: neither `verify` nor the environment has a say.

    A pinned certificate is compared byte for byte by its SHA-256 before anything is sent, which says more than a chain
    of signatures and a host name do; those two are checked wherever nothing is pinned.
    """

    def __init__(self, access: Access, departure: Departure) -> None:
        self.departure = departure
        self.tls = {"ssl_context": context_of(access)} | pin_of(access)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"https": partial(Pool, departure=self.departure)}

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, self.tls

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The pool's TLS is settled above; requests' own would add its bundle of public CAs to the cluster's one."""


def pin_of(access: Access) -> dict[str, str]:
    return {"assert_fingerprint": access.fingerprint} if access.fingerprint else {}


def context_of(access: Access) -> ssl.SSLContext:
    """Raises Unreachable where the CA is no certificate."""
    if access.fingerprint:
        return pinned_context()
    try:
        return ssl.create_default_context(cadata=access.ca_pem or None)
    except (ssl.SSLError, ValueError) as error:
        raise Unreachable(f"the cluster's CA is no certificate: {error}") from error


def pinned_context() -> ssl.SSLContext:
    """Loads no authorities: the pin is the check, and to load the system's takes longer than the call."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
