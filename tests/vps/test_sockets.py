"""/ws/pages and /ws/events: who gets in, how many, and that both are closed at once when somebody is nobody any more."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.test import Client
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from accounts import people
from ospab_panel.asgi import application
from tests.conftest import PASSWORD, person
from tests.ospab_panel.test_slow_callers import serving
from vps import notify, operations
from vps.models import Event
from vps.sockets.slots import MOST_OF_A_USER, MOST_UNKNOWN_OF_AN_ADDRESS, open_sockets

pytestmark = pytest.mark.django_db(transaction=True)
OURS = "http://localhost:5050"
# Less than the 15 s after which a socket looks by itself.
AT_ONCE = 10


class Opened:
    """A socket as the web server hands it on; `first` is what it was answered."""

    def __init__(self, path: str, cookie: str = "", origin: str | None = OURS, **scope: Any) -> None:
        headers = [(b"cookie", cookie.encode("latin-1"))] if cookie else []
        headers += [] if origin is None else [(b"origin", origin.encode("latin-1"))]
        whole = {"type": "websocket", "path": path, "query_string": b"", "headers": headers, "subprotocols": []}
        extensions = {"websocket.http.response": {}}
        self.wire = ApplicationCommunicator(
            application, whole | {"client": ("10.0.0.7", 1), "extensions": extensions} | scope
        )
        self.first: dict[str, Any] = {}

    async def open(self) -> "Opened":
        await self.wire.send_input({"type": "websocket.connect"})
        self.first = await self.wire.receive_output(30)
        return self

    async def received(self) -> dict[str, Any]:
        message: dict[str, Any] = await self.wire.receive_output(AT_ONCE)
        return message

    async def close(self) -> None:
        await self.wire.send_input({"type": "websocket.disconnect", "code": 1000})
        with contextlib.suppress(BaseException):
            await self.wire.wait(5)


@contextlib.asynccontextmanager
async def opened(*args: Any, **kwargs: Any) -> AsyncIterator[Opened]:
    socket = await Opened(*args, **kwargs).open()
    try:
        yield socket
    finally:
        await socket.close()


def cookie_of(browser: Client) -> str:
    return f"session={browser.cookies['session'].value}"


# C9: the handshake


@pytest.mark.parametrize("path", ["/ws/nowhere", "/", "/ws/pages/", "//ws/pages", "/ws/\0", "", "/healthz"])
def test_socket_elsewhere_is_404(path: str) -> None:
    """C9: it is answered as any address that is not there."""

    async def ask() -> None:
        async with opened(path) as socket:
            assert (socket.first["type"], socket.first["status"]) == ("websocket.http.response.start", 404)
            assert json.loads((await socket.received())["body"])["code"] == "not_found"
        async with opened(path, extensions=None) as socket:
            assert socket.first["type"] == "websocket.close"

    async_to_sync(ask)()


@pytest.mark.parametrize(
    "origin",
    ["http://[", "http://a:b", "http://a:99999", "\xff", "", "null", "https://evil.example", f"{OURS}.evil.example"],
)
@pytest.mark.parametrize("path", ["/ws/pages", "/ws/events", "/ws/nowhere"])
def test_socket_with_an_origin_that_is_not_ours_stays_out_however_it_is_written(path: str, origin: str) -> None:
    """C9: an origin that cannot be read is not ours."""

    async def ask() -> None:
        async with opened(path, origin=origin) as socket:
            assert socket.first["type"] == "websocket.close"

    async_to_sync(ask)()


@pytest.mark.parametrize("second", [OURS, "https://evil.example"])
def test_socket_with_two_origins_stays_out(second: str) -> None:
    """C9: though one of them is ours."""

    async def ask() -> None:
        headers = [(b"origin", OURS.encode()), (b"origin", second.encode())]
        async with opened("/ws/pages", headers=headers) as socket:
            assert socket.first["type"] == "websocket.close"

    async_to_sync(ask)()


@pytest.mark.parametrize(
    "cookie",
    ["", 'session="aaaaaaaa\\000bbbb"', "session=\xff\xfe", "session=" + "x" * 5000, "session=aaaaaaaaaaaaaaaa", "=;;"],
)
def test_socket_with_an_odd_session_has_none(cookie: str) -> None:
    """C9: it is closed as one that is not logged in."""

    async def ask() -> None:
        async with opened("/ws/pages", cookie) as socket:
            assert (await socket.received())["code"] == 4401
        async with opened("/ws/events", cookie) as socket:
            await socket.wire.send_input({"type": "websocket.receive", "text": '{"token": "x"}'})
            assert (await socket.received())["code"] == 4401

    async_to_sync(ask)()


@pytest.mark.parametrize("query", [b"type=vps.created", b"after=0&limit=5", b"after=0&after=1", b"Token=x", b"=1"])
def test_event_socket_is_closed_to_who_asks_for_what_it_does_not_do(query: bytes) -> None:
    """A reader who asks for one type would take what comes for all of that type."""

    async def ask() -> None:
        async with opened("/ws/events", query_string=query) as socket:
            closed = await socket.received()
            assert (closed["code"], closed["reason"]) == (4400, "this address takes after, once, and nothing else")

    async_to_sync(ask)()


# C12: how many


@pytest.mark.parametrize("path", ["/ws/pages", "/ws/events"])
def test_socket_slots_of_one_user_are_so_many_and_no_more(path: str, as_user: Any, alice: Any, bob: Any) -> None:
    """C12: a slot that is given back can be taken again."""
    hers, his = cookie_of(as_user(alice)), cookie_of(as_user(bob))

    async def ask() -> None:
        async with contextlib.AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(opened(path, hers)) for _ in range(MOST_OF_A_USER)]
            assert {socket.first["type"] for socket in sockets} == {"websocket.accept"}
            one_more = await stack.enter_async_context(opened(path, hers))
            assert (await one_more.received())["code"] == 1008
            await stack.enter_async_context(opened(path, his))
            await sockets[0].close()
            again = await stack.enter_async_context(opened(path, hers))
            assert again.first["type"] == "websocket.accept"

    async_to_sync(ask)()
    assert not open_sockets


def test_socket_slots_of_who_gives_no_name_are_taken_from_nobody_else() -> None:
    """C12: who comes from another address still gets in."""

    async def ask() -> None:
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(MOST_UNKNOWN_OF_AN_ADDRESS):
                await stack.enter_async_context(opened("/ws/events", origin=None))
            one_more = await stack.enter_async_context(opened("/ws/events", origin=None))
            assert (await one_more.received())["code"] == 1013
            elsewhere = await stack.enter_async_context(opened("/ws/events", origin=None, client=("10.0.0.8", 1)))
            await elsewhere.wire.send_input({"type": "websocket.receive", "text": '{"token": "x"}'})
            assert (await elsewhere.received())["code"] == 4401

    async_to_sync(ask)()


def test_page_socket_lets_two_hundred_handshakes_at_once_in(static_files: None) -> None:
    """C12: a connection to Redis for each would be more than its client opens."""
    cookies = []
    for number in range(20):
        browser = Client()
        browser.force_login(person(f"user-{number}"), backend="accounts.backends.UsernameOrEmailBackend")
        cookies += [cookie_of(browser)] * 10

    async def ask() -> None:
        sockets = await asyncio.gather(*(Opened("/ws/pages", cookie).open() for cookie in cookies))
        assert [socket.first["type"] for socket in sockets] == ["websocket.accept"] * 200
        await asyncio.gather(*(socket.close() for socket in sockets))

    async_to_sync(ask)()


# C12: until when


def log_out(browser: Client, user: Any) -> None:
    assert browser.post("/logout/").status_code == 302


def deactivate(browser: Client, user: Any) -> None:
    people.deactivate(user)


def change_password(browser: Client, user: Any) -> None:
    user.set_password("another long password")
    user.save()


def log_in_as_bob(browser: Client, user: Any) -> None:
    person("bob")
    form = {"username": "bob", "password": PASSWORD}
    log_out(browser, user)
    assert browser.post("/login/", form).status_code == 302


@pytest.mark.parametrize("path", ["/ws/pages", "/ws/events"])
@pytest.mark.parametrize("end", [log_out, deactivate, change_password, log_in_as_bob])
def test_socket_ends_at_once_with_its_session_and_is_sent_nothing_after(
    path: str, end: Any, as_user: Any, alice: Any, make_vps: Any
) -> None:
    """C12: whatever ended the session."""
    browser, vps = as_user(alice), make_vps(alice)

    def go() -> None:
        end(browser, alice)
        notify.announce([notify.ChangedVps(vps.pk, alice.pk)])

    async def ask() -> None:
        async with opened(path, cookie_of(browser)) as socket:
            assert socket.first["type"] == "websocket.accept"
            await until_received(socket, vps, alice)
            await sync_to_async(go)()
            assert (await socket.received())["code"] == 4401

    async_to_sync(ask)()


async def until_received(socket: Opened, vps: Any, user: Any) -> None:
    """A page's socket listens as it is accepted; and gets what is hers. One of events is accepted before it is known whose."""
    if socket.wire.scope["path"] == "/ws/pages":
        await sync_to_async(notify.announce)([notify.ChangedVps(vps.pk, user.pk)])
        assert json.loads((await socket.received())["text"]) == {"vps": vps.pk}
    else:
        await sync_to_async(change)(vps)
        assert json.loads((await socket.received())["text"])["vps_id"] == vps.pk


def change(vps: Any) -> None:
    Event.objects.record("vps.updated", vps, source="sync")
    notify.announce([notify.ChangedVps(vps.pk, vps.user_id)])


def test_page_socket_says_that_there_is_a_notice_and_to_nobody_else(
    as_user: Any, alice: Any, bob: Any, make_vps: Any, bind: Any
) -> None:
    """F1: the end of the operation is all that tells it."""
    browsers = [as_user(user) for user in (alice, bob)]
    shop, blog = make_vps(alice), make_vps(bob)
    bind(shop), bind(blog, 101)

    def fail() -> None:
        asked = operations.request(shop, "reboot", by=alice, source="page")
        asked.end("failed", error_code="timed_out")

    async def see() -> list[dict[str, Any]]:
        async with (
            opened("/ws/pages", cookie_of(browsers[0])) as hers,
            opened("/ws/pages", cookie_of(browsers[1])) as his,
        ):
            await sync_to_async(fail)()
            received: list[dict[str, Any]] = []
            while {"notices": True} not in received:
                received.append(json.loads((await hers.received())["text"]))
            await sync_to_async(notify.announce)([notify.ChangedVps(blog.pk, bob.pk)])
            return [*received, json.loads((await his.received())["text"])]

    *hers, his = async_to_sync(see)()
    assert {"vps": shop.pk} in hers
    assert his == {"vps": blog.pk}


def test_page_socket_says_once_that_there_are_notices_of_a_burst(as_user: Any, alice: Any, make_vps: Any) -> None:
    shop, browser = make_vps(alice), as_user(alice)

    def burst() -> None:
        notify.announce([notify.NewNotice(alice.pk)] * 3)
        notify.announce([notify.ChangedVps(shop.pk, alice.pk)])

    async def see() -> list[dict[str, Any]]:
        async with opened("/ws/pages", cookie_of(browser)) as socket:
            await sync_to_async(burst)()
            return [json.loads((await socket.received())["text"]) for _ in range(2)]

    assert async_to_sync(see)() == [{"notices": True}, {"vps": shop.pk}]


def test_event_socket_is_closed_by_the_logout_of_its_token(alice: Any, make_vps: Any) -> None:
    """C12: as the socket of a session is."""
    vps = make_vps(alice)
    login = {"username": "alice", "password": PASSWORD}
    pair = Client().post("/api/auth/login", login, content_type="application/json").json()

    def log_out_by_api() -> None:
        Client().post("/api/auth/logout", {"refresh": pair["refresh"]}, content_type="application/json")

    async def ask() -> None:
        async with opened("/ws/events", origin=None, subprotocols=[f"bearer.{pair['access']}"]) as socket:
            for _ in range(2):  # the second is found by a message of Redis, or by the look that follows the joining
                await sync_to_async(change)(vps)
                assert json.loads((await socket.received())["text"])["vps_id"] == vps.pk
            await sync_to_async(log_out_by_api)()
            assert (await socket.received())["code"] == 4401

    async_to_sync(ask)()


@pytest.mark.parametrize(("after", "code"), [("2", 4410), (str(2**63 - 1), 4410), ("1", None)])
def test_event_socket_from_a_position_beyond_the_end_is_closed(
    after: str, code: int | None, as_user: Any, alice: Any, make_vps: Any
) -> None:
    """B13: after a restore a client may know of events that the panel has lost."""
    Event.objects.record("vps.created", make_vps(alice), source="sync")

    async def ask(cookie: str) -> None:
        async with opened("/ws/events", cookie, query_string=f"after={after}".encode()) as socket:
            if code is None:
                assert await socket.wire.receive_nothing(1)
                return
            closed = await socket.received()
            assert (closed["code"], closed["reason"]) == (code, "cursor_from_the_future: the last event is 1")

    async_to_sync(ask)(cookie_of(as_user(alice)))


def test_page_socket_that_sends_anything_is_closed(as_user: Any, alice: Any) -> None:
    async def ask(cookie: str) -> None:
        async with opened("/ws/pages", cookie) as socket:
            await socket.wire.send_input({"type": "websocket.receive", "text": "hello"})
            assert (await socket.received())["code"] == 1008

    async_to_sync(ask)(cookie_of(as_user(alice)))


@pytest.mark.parametrize(("path", "origin", "status"), [("/ws/nowhere", OURS, 404), ("/ws/pages", "http://[", 403)])
def test_socket_refusal_is_the_web_servers_answer_too(path: str, origin: str, status: int) -> None:
    """C9: over a real connection."""
    with serving(application) as port, pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{port}{path}", additional_headers={"Origin": origin})
    assert refused.value.response.status_code == status
