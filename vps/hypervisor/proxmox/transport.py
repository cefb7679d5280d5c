"""Calls to one cluster through proxmoxer: which host, how long, how much, and every failure as one of ours.

For the driver beside it. Another host is tried where a call surely was not executed, and for reads after any failure.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
from proxmoxer.backends.https import JsonSerializer, ProxmoxHTTPApiTokenAuth, ProxmoxHttpSession
from proxmoxer.core import ProxmoxResource, ResourceException
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from vps.hypervisor.base import (
    NEVER,
    Access,
    HypervisorError,
    NodeUnknown,
    NodeUnreachable,
    OutcomeUnknown,
    Refusal,
    Refused,
    TooLate,
    Unreachable,
)
from vps.hypervisor.guard import Guard
from vps.hypervisor.proxmox import refusals
from vps.hypervisor.proxmox.kept import KEEPS_FOR_S, Kept
from vps.hypervisor.proxmox.tls import Departure, Late, VerifyingAdapter

DEFAULT_PORT = 8006
CONNECT_S = 3.0
READ_S = 10.0
# pveproxy waits 30 s for another node before it answers 596, and an answer is worth more than a guess.
COMMAND_S = 40.0
# A command goes by a connection that has answered within so long, or a new one: one that is being closed would lose it,
# and nobody could say whether it arrived.
ANSWERED_WITHIN_S = 1.0
# So long after a call has begun no other host is asked: whoever holds a turn meanwhile must not be taken for dead.
TRIES_FOR_S = 15.0
LARGEST = 64 * 1024 * 1024

NODE_UNREACHABLE = 595
# How pve-http-server calls itself, in every answer of its own.
DAEMON = "pve-api-daemon"
# The highest status that Proxmox VE's own handlers give. Above are 596..599, of a node that did not answer another one,
# and 502..504, of a proxy that somebody has put before it.
HIGHEST_ANSWER = 501
REDIRECTS = range(300, 400)
# Whose answer a call is. Of a guest's history any host has a copy and gives it, though the node it names is dead.
NODE = re.compile(r"nodes/([^/]+)/(?!.*/rrddata$)")

# What everything hangs on: a no to these, whatever its reason, leaves us blind, as silence does.
ESSENTIAL = re.compile(r"version|nodes|cluster/resources|nodes/[^/]+/(qemu|lxc|tasks)")
# The cluster's file system on the host that was asked does not answer it (pve-cluster, IPCC.xs), and all that it reads
# there is refused.
ILL = re.compile(r"ipcc_send_rec\[\d+\] failed")

# The host of each cluster that answered this process last, or that it had no time left to ask: it is asked first.
ANSWERED_LAST: dict[tuple[str, ...], str] = {}


T = TypeVar("T")


class Garbled(Exception):
    """An answer that is not Proxmox VE's: HTML, half a JSON, too much of it, or nothing in time."""


class HungUp(OutcomeUnknown):
    """The other end closed the connection, without an answer or in the middle of it."""


class Session(ProxmoxHttpSession):
    """Reads answers up to a size and a total time, follows nothing, and ignores proxies and ~/.netrc."""

    def __init__(self, access: Access) -> None:
        super().__init__()
        check_token(access)
        self.trust_env = False
        user, _, token = access.user.partition("!")
        self.auth = ProxmoxHTTPApiTokenAuth(user, token, access.secret, verify_ssl=True)
        self.departure = Departure()
        self.mount("https://", VerifyingAdapter(access, self.departure))
        self.begin(READ_S, NEVER)

    def begin(self, read_s: float, leave_by: float) -> None:
        """Before each call: what it may take, and what is known of its answer."""
        timeout: Any = (CONNECT_S, read_s)
        self.auth.timeout = timeout
        self.read_s, self.departure.leave_by = read_s, leave_by
        self.node_time = datetime.now(UTC)
        self.is_proxmox = self.has_refused = False

    def request(self, *args: Any, **options: Any) -> requests.Response:
        response: requests.Response = super().request(*args, **options, stream=True, allow_redirects=False)
        response._content = Body(read(response, time.monotonic() + self.read_s))
        self.is_proxmox = is_proxmox(response)
        if response.status_code in REDIRECTS:
            raise Garbled("a redirect, which this API never sends")
        self.node_time = date_of(response) or self.node_time
        self.has_refused = response.status_code >= 400
        return response

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """requests would merge what is given for this one with what the session has, which takes a seventh of a small call:
        none brings anything of its own but its parameters."""
        prepared = requests.PreparedRequest()
        own = {"url": request.url, "params": request.params, "data": request.data}
        prepared.prepare(method=request.method, headers=self.headers, auth=self.auth, **own)
        return prepared

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> dict[str, Any]:
        """The environment has no say, nor has the session."""
        return {"proxies": {}, "stream": stream, "verify": verify, "cert": cert}


class Body(bytes):
    """proxmoxer writes every answer for its log, be that on or off: of ten thousand guests some megabytes."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


def check_token(access: Access) -> None:
    """What no header can carry would be refused further down by an error that quotes the secret."""
    token = access.user + access.secret
    if not (token.isascii() and token.isprintable()):
        raise Refused(Refusal.UNAUTHENTICATED, "the token holds characters that no token has")


def is_proxmox(response: requests.Response) -> bool:
    """Whether an answer is Proxmox VE's: by the name of its daemon or, where a proxy of somebody's hides that, by the body
    of its refusals. Of anything else no text is passed on: whoever registers a cluster must not read with our eyes.
    """
    if response.headers.get("Server", "").startswith(DAEMON):
        return True
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and "data" in body and body["data"] is None


def date_of(response: requests.Response) -> datetime | None:
    date = response.headers.get("Date")
    try:
        return parsedate_to_datetime(date).astimezone(UTC) if date else None
    except ValueError as error:
        raise Garbled("its Date is none") from error


def read(response: requests.Response, until: float) -> bytes:
    """Takes what has arrived, however little: to wait for more would let a dripping answer last for ever."""
    chunks, size = [], 0
    while chunk := response.raw.read1(65536, decode_content=True):
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST or time.monotonic() > until:
            response.close()
            raise Garbled(f"the answer did not end within {LARGEST} bytes and the time limit")
    return b"".join(chunks)


class Serializer(JsonSerializer):
    """proxmoxer's own takes a 2xx that is no JSON for data."""

    def loads(self, response: requests.Response) -> Any:
        try:
            return response.json()["data"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Garbled(f"not an answer of Proxmox VE (HTTP {response.status_code})") from error

    def loads_errors(self, response: requests.Response) -> Any:
        try:
            return response.json().get("errors")
        except (ValueError, AttributeError, RecursionError):
            return None


kept: Kept[Session] = Kept()
os.register_at_fork(after_in_child=kept.forget)


class Transport:
    """`get`, `post` and `delete` take a path below /api2/json and Proxmox VE's parameters; booleans are 1 and 0.

    They raise Unreachable, OutcomeUnknown or Refused. `node_time` is the clock of the last answer.
    """

    def __init__(self, access: Access, guard: Guard) -> None:
        self.access, self.guard = access, guard
        self.node_time = datetime.now(UTC)
        self.slowest_s = 0.0

    def get(self, path: str, **params: Any) -> Any:
        def ask(host: str) -> Any:
            return self.read(host, lambda api: api(path).get(**params))

        return self.guarded(path, ask, is_read=True)

    def get_parsed(self, path: str, read: Callable[[Any], T]) -> T:
        """As `get`, of what everything hangs on: an answer that makes no sense to `read` is none, whoever is asked."""

        def ask(host: str) -> T:
            return read(self.read(host, lambda api: api(path).get()))

        return self.guarded(path, ask, is_read=True)  # type: ignore[no-any-return]

    def post(self, path: str, leave_by: float, **params: Any) -> Any:
        """What has not left by then (time.monotonic) never does: Unreachable."""

        def ask(host: str) -> Any:
            session = kept.claim(self.access, host, ANSWERED_WITHIN_S) or Session(self.access)
            session.begin(COMMAND_S, leave_by)
            return self.ask(host, session, lambda api: api(path).post(**params))

        return self.guarded(path, ask, is_read=False)

    def delete(self, path: str) -> None:
        """What is gone already is no error there, so it may be repeated as a read may."""

        def ask(host: str) -> Any:
            return self.read(host, lambda api: api(path).delete())

        self.guarded(path, ask, is_read=True)

    def guarded(self, path: str, call: Callable[[str], Any], *, is_read: bool) -> Any:
        """The guard may hold the call back, and hears how it went. Of a command whose answer was lost it does not: the
        read that asks for it tells more."""
        named = NODE.match(path)
        node = named[1] if named else ""
        self.guard.before(node)
        began = time.monotonic()
        try:
            answer = self.try_hosts(path, call, is_read=is_read)
        except HypervisorError as error:
            if is_read or not isinstance(error, OutcomeUnknown):
                self.report(path, node, error)
            raise
        finally:
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        self.guard.answered(node)
        return answer

    def report(self, path: str, node: str, error: HypervisorError) -> None:
        """A host that cannot be reached, or does not know our token, fails the cluster; what came to nothing later may
        be the fault of the node that the path names alone, and certainly is where the cluster says so. A reasoned no is
        an answer, but for the reads that everything hangs on."""
        if isinstance(error, TooLate):
            return
        if isinstance(error, NodeUnreachable | NodeUnknown):
            self.guard.connected()
        is_nodes = isinstance(error, OutcomeUnknown | NodeUnreachable | NodeUnknown) or blinds(path, error)
        if is_nodes or isinstance(error, Unreachable):
            self.guard.failed(node if is_nodes else "", error)
        elif isinstance(error, Refused) and error.reason == Refusal.UNAUTHENTICATED:
            self.guard.failed("", error)
        else:
            self.guard.answered(node)

    def try_hosts(self, path: str, call: Callable[[str], Any], *, is_read: bool) -> Any:
        failure: HypervisorError = Unreachable(self.access.fault or "no API host is known")
        for host in self.hosts():
            try:
                answer = call(host)
            except Refused as refused:
                failure = refused
                if not (is_read and blinds(path, refused)):
                    ANSWERED_LAST[self.access.hosts] = host
                    raise
            except Unreachable as unreachable:
                failure = unreachable
            except OutcomeUnknown as unknown:
                failure = unknown
                if not is_read:
                    break
            else:
                ANSWERED_LAST[self.access.hosts] = host
                return answer
        raise failure

    def hosts(self) -> Iterator[str]:
        """The one that answered last comes first: who hangs is not waited for each time. Where many do, the next call goes
        on from the one that this had no time for."""
        hosts, until = () if self.access.fault else self.access.hosts, time.monotonic() + TRIES_FOR_S
        first = hosts.index(ANSWERED_LAST[hosts]) if hosts in ANSWERED_LAST else 0
        for host in hosts[first:] + hosts[:first]:
            if time.monotonic() > until:
                ANSWERED_LAST[hosts] = host
                return
            yield host

    def read(self, host: str, call: Callable[[ProxmoxResource], Any]) -> Any:
        """By a connection that is kept. One that the host has closed meanwhile says nothing of the host: it may be asked
        twice, and is asked anew."""
        if session := kept.claim(self.access, host, KEEPS_FOR_S):
            session.begin(READ_S, NEVER)
            with suppress(HungUp):
                return self.ask(host, session, call)
        return self.ask(host, Session(self.access), call)

    def ask(self, host: str, session: Session, call: Callable[[ProxmoxResource], Any]) -> Any:
        with self.used(session, host):
            api = ProxmoxResource(base_url=base_url(host), session=session, serializer=Serializer())
            try:
                return call(api)
            except ResourceException as error:
                raise of_status(error, is_proxmox=session.is_proxmox) from error
            except (requests.exceptions.RequestException, HTTPError) as error:
                raise of_network(error, host) from error
            except Garbled as error:
                raise OutcomeUnknown(f"{host}: {error}") from error
            finally:
                self.node_time = session.node_time

    @contextmanager
    def used(self, session: Session, host: str) -> Iterator[None]:
        """Its connection is kept for whatever follows, while all goes well. With a refusal Proxmox VE hangs up: what is kept
        then is all that it takes to make a new one."""
        try:
            yield
        except BaseException:
            session.close()
            if session.has_refused:
                kept.give(session, self.access, host)
            raise
        kept.give(session, self.access, host)


def blinds(path: str, error: HypervisorError) -> bool:
    """Whether we see nothing by this no. A node that is not there any more is no trouble of the cluster's, and a token
    that is not known is told apart."""
    is_no = isinstance(error, Refused) and error.reason not in (Refusal.NOT_HERE, Refusal.UNAUTHENTICATED)
    return is_no and bool(ESSENTIAL.fullmatch(path) or ILL.search(error.detail))


def base_url(host: str) -> str:
    has_port = host.rpartition("]")[2].count(":") == 1
    return f"https://{host if has_port else f'{host}:{DEFAULT_PORT}'}/api2/json"


def of_status(error: ResourceException, *, is_proxmox: bool) -> HypervisorError:
    reason = str(error.content).removesuffix(f" - {error.errors}")
    if not (is_proxmox or is_its_text(reason)):
        return of_somebody(error.status_code)
    if error.status_code == NODE_UNREACHABLE:
        return NodeUnreachable(f"595 {reason}")
    if error.status_code > HIGHEST_ANSWER:
        return OutcomeUnknown(f"{error.status_code} {reason}")
    return refusals.of_answer(error.status_code, reason, error.errors)


def is_its_text(reason: str) -> bool:
    """Whether a refusal is in Proxmox VE's own words, though a proxy of somebody's has left nothing else of it."""
    return bool(ILL.search(reason)) or refusals.of_text(reason) != Refusal.OTHER


def of_somebody(status: int) -> HypervisorError:
    """A status that something else may give too, or somebody's proxy for it; 595 is Proxmox VE's alone."""
    detail = f"HTTP {status}, and not recognisably of Proxmox VE"
    if status == NODE_UNREACHABLE:
        return NodeUnreachable(detail)
    reason = refusals.STATUSES.get(status)
    return Refused(reason, detail) if reason else OutcomeUnknown(detail)


def of_network(error: Exception, host: str) -> HypervisorError:
    """A connection that never was, or whose other end was not whom we trust, carried no command."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, Late):
        return TooLate(f"{host}: {reason}")
    if isinstance(reason, NewConnectionError) or isinstance(error, requests.exceptions.InvalidURL):
        return Unreachable(f"{host}: {reason}")
    if isinstance(error, requests.exceptions.Timeout):
        return OutcomeUnknown(f"{host}: it did not answer in time")
    return HungUp(f"{host}: its answer broke off, or is none ({type(reason or error).__name__})")
