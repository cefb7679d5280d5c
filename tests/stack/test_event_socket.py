"""/ws/events on the whole running stack: who gets in, and that a reader who comes and goes misses and repeats nothing."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
import requests
import websockets
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.simulated import PATIENCE

ORDER = {"status": "suspended", "cpu": 1, "ram": 1024, "disk": 10, "os": "Debian 12"}
WRITERS, ROUNDS, DISCONNECTS = 4, 50, 10
CHANGED = ("cpu", "ram", "disk")
# A client that is too busy to hear its pings would hang up.
PATIENT: dict[str, Any] = {"open_timeout": 10 * PATIENCE, "ping_interval": None}


@contextlib.asynccontextmanager
async def opened(panel: Any, token: str = "", query: str = "", path: str = "/ws/events", **options: Any) -> Any:
    """A socket of a program, or of whatever the options make it."""
    address = panel.url.replace("http", "ws", 1) + path + query
    async with websockets.connect(address, **PATIENT | options) as socket:
        if token:
            await socket.send(json.dumps({"token": token}))
        yield socket


async def code_of(socket: Any) -> int | None:
    """With what it is closed. What is sent before is passed over."""
    async with asyncio.timeout(20 * PATIENCE):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


async def events(socket: Any, seconds: float = 10 * PATIENCE) -> AsyncIterator[dict[str, Any]]:
    while True:
        async with asyncio.timeout(seconds):
            yield json.loads(await socket.recv())


async def next_of(socket: Any, vps: int) -> dict[str, Any]:
    return await anext(event async for event in events(socket) if event["vps_id"] == vps)


def order(panel: Any, name: str, owner: str) -> int:
    made = panel.sync("create", name=name, user_id=panel.user(owner)["id"], **ORDER)
    id: int = made.json()["vps"]["id"]
    return id


def last_id(panel: Any) -> int:
    address, last = "/api/events?limit=1000", 0
    while address:
        page = requests.get(panel.url + address, headers={"X-API-Key": panel.demo["api_key"]}).json()
        address, last = page["next"], page["events"][-1]["id"]
    return last


# A reader who comes and goes


async def read_with_breaks(panel: Any, token: str, after: int, servers: set[int], wanted: int) -> list[dict[str, Any]]:
    """All events of these servers, by a reader that is cut off after so many events, and resumes.

    Each time something is left to be sent: one who waits for more than there is would wait for ever.
    """
    found: list[dict[str, Any]] = []
    for cut in range(DISCONNECTS + 1):
        patience = random.randrange(1, wanted // DISCONNECTS) if cut < DISCONNECTS else wanted
        async with opened(panel, token, f"?after={after}") as socket:
            async for event in events(socket):
                after = event["id"]
                found += [event] if event["vps_id"] in servers else []
                patience -= 1
                if not patience or len(found) == wanted:
                    break
            if cut % 2:
                socket.transport.abort()
    return found


def change(panel: Any, server: int) -> None:
    for number in range(ROUNDS):
        column = CHANGED[number % len(CHANGED)]
        assert panel.sync("update", id=server, **{column: 100 + number * 1000 % 900 + number}).status_code == 200


async def test_event_socket_cut_off_ten_times_shows_all_that_four_writers_do_once_and_in_order(panel: Any) -> None:
    token, start = panel.access("alice"), last_id(panel)
    servers = [order(panel, f"busy-{number}", "alice") for number in range(WRITERS)]
    loop = asyncio.get_running_loop()
    async with opened(panel, panel.access("bob"), f"?after={start}") as bobs:
        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [loop.run_in_executor(pool, change, panel, server) for server in servers]
            wanted = WRITERS * (ROUNDS + 1)
            found = await read_with_breaks(panel, token, start, set(servers), wanted)
            await asyncio.gather(*writers)
        marker = order(panel, "his", "bob")
        his = [event async for event in until(bobs, marker)]
    ids = [event["id"] for event in found]
    assert ids == sorted(set(ids))
    for server in servers:
        seen = [event["data"].get("changed") for event in found if event["vps_id"] == server]
        assert seen == [None] + [[CHANGED[number % len(CHANGED)]] for number in range(ROUNDS)]
    assert {event["user_id"] for event in his} == {panel.user("bob")["id"]}


async def until(socket: Any, marker: int) -> AsyncIterator[dict[str, Any]]:
    async for event in events(socket):
        yield event
        if event["vps_id"] == marker:
            return


async def test_event_socket_brings_an_event_that_commits_late_to_a_reader_that_has_gone_on(panel: Any) -> None:
    insert = "INSERT INTO events (type, source, data, vps_id, user_id) VALUES ('vps.missing', 'system', '{}', %s, %s)"
    token, start, server = panel.access("alice"), last_id(panel), order(panel, "late", "alice")
    with panel.database() as database:
        database.execute(insert, [server, panel.user("alice")["id"]])
        panel.sync("update", id=server, cpu=2)
        async with opened(panel, token, f"?after={start}") as socket:
            created, updated = await next_of(socket, server), await next_of(socket, server)
        database.commit()
    async with opened(panel, token, f"?after={updated['id']}") as socket:
        late = await next_of(socket, server)
    assert [event["type"] for event in (created, updated, late)] == ["vps.created", "vps.updated", "vps.missing"]


async def test_event_socket_sends_at_once_what_happens_and_not_when_it_looks_by_itself(panel: Any) -> None:
    """That takes it 15 s each time."""
    token, start, server = panel.access("alice"), last_id(panel), order(panel, "quick", "alice")
    async with opened(panel, token, f"?after={start}") as socket:
        await next_of(socket, server)
        began = time.monotonic()
        for cpu in range(2, 7):
            panel.sync("update", id=server, cpu=cpu)
            await next_of(socket, server)
    assert time.monotonic() - began < 4 * 15


async def test_event_socket_sends_an_operation_from_the_click_to_its_end(panel: Any) -> None:
    token = panel.token("alice")
    listed = requests.get(f"{panel.url}/api/vps", headers=token).json()["vps"]
    server = next(vps["id"] for vps in listed if vps["name"] == "blog")
    async with opened(panel, panel.access("alice"), f"?after={last_id(panel)}") as socket:
        asked = requests.post(f"{panel.url}/api/vps/{server}/restart", headers=token).json()["operation"]
        queued, ended = await next_of(socket, server), await next_of(socket, server)
    assert [queued["type"], ended["type"]] == ["operation.queued", "operation.succeeded"]
    assert {queued["operation_id"], ended["operation_id"]} == {asked["id"]}


# Who gets in


async def test_event_socket_takes_a_token_as_a_subprotocol_and_does_not_send_it_back(panel: Any) -> None:
    offered, token = ["panel.v1", f"bearer.{panel.access('alice')}"], last_id(panel)
    server = order(panel, "by-subprotocol", "alice")
    async with opened(panel, "", f"?after={token}", subprotocols=offered) as socket:
        assert socket.subprotocol == "panel.v1"
        assert offered[1] not in str(socket.response.headers)
        assert (await next_of(socket, server))["type"] == "vps.created"


async def test_event_socket_lets_a_page_of_ours_in_by_its_cookie(panel: Any) -> None:
    start, server = last_id(panel), order(panel, "by-cookie", "alice")
    headers = {"Cookie": panel.session("alice")}
    async with opened(panel, "", f"?after={start}", origin=panel.url, additional_headers=headers) as socket:
        assert (await next_of(socket, server))["type"] == "vps.created"


@pytest.mark.parametrize("path", ["/ws/events", "/ws/pages"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_event_socket_and_page_socket_let_no_page_of_another_origin_in_by_our_cookie(
    panel: Any, path: str, origin: str
) -> None:
    headers = {"Cookie": panel.session("alice")}
    with pytest.raises(InvalidStatus, match="403"):
        async with opened(panel, path=path, origin=origin, additional_headers=headers):
            pass


@pytest.mark.parametrize("path", ["/ws/pages", "/ws/nowhere", "/ws/events/"])
async def test_page_socket_and_unknown_sockets_let_nobody_in_without_an_origin(panel: Any, path: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with opened(panel, path=path, additional_headers={"Cookie": panel.session("alice")}):
            pass


async def test_event_socket_without_an_origin_counts_no_cookie(panel: Any) -> None:
    """By the cookie alone, the first message would be one too many: 1008."""
    headers = {"Cookie": panel.session("alice")}
    async with opened(panel, "not a token", additional_headers=headers) as socket:
        assert await code_of(socket) == 4401


async def test_event_socket_does_not_wait_for_who_sends_nothing(panel: Any) -> None:
    async with opened(panel) as socket:
        assert await code_of(socket) == 4401


@pytest.mark.parametrize("token", ["x.y.z", "", "\ud800", "refresh"])
async def test_event_socket_is_closed_to_a_token_that_is_none(panel: Any, token: str) -> None:
    if token == "refresh":
        login = {"username": "alice", "password": panel.user("alice")["password"]}
        token = requests.post(f"{panel.url}/api/auth/login", json=login).json()["refresh"]
    async with opened(panel) as socket:
        await socket.send(json.dumps({"token": token}))
        assert await code_of(socket) == 4401
    async with opened(panel, subprotocols=["panel.v1", "bearer.x.y.z"]) as socket:
        assert await code_of(socket) == 4401


async def test_event_socket_is_closed_to_a_token_of_odd_claims(panel: Any) -> None:
    """C11: signed by the right key."""
    secret = panel.run.environment["JWT_SIGNING_KEY"]
    claims = jwt.decode(panel.access("alice"), options={"verify_signature": False})
    odd: list[dict[str, Any]] = [{"exp": 10**18}, {"user_id": "abc"}, {"user_id": True}, {"user_id": 1.5}]
    odd += [{"version": "x"}, {"jti": "\0"}, {"family": [1]}, {"family": "nobody"}, {"exp": [1]}, {"token_type": 1}]
    for claim in odd:
        async with opened(panel) as socket:
            await socket.send(json.dumps({"token": jwt.encode(claims | claim, secret, "HS256")}))
            assert await code_of(socket) == 4401, claim


@pytest.mark.parametrize(
    "text", ["hello", "[]", "{}", '{"token": 5}', '{"token": "x", "more": 1}', b'{"token": "x"}', "[" * 60_000]
)
async def test_event_socket_is_closed_to_who_sends_anything_but_a_token(panel: Any, text: str | bytes) -> None:
    async with opened(panel) as socket:
        await socket.send(text)
        assert await code_of(socket) == 1008


@pytest.mark.parametrize("text", ["hello", '{"after": 5}', "x" * 100_000])
async def test_event_socket_is_closed_to_who_sends_anything_after_the_token(panel: Any, text: str) -> None:
    async with opened(panel, panel.access("alice")) as socket:
        await socket.send(text)
        assert await code_of(socket) == 1008


@pytest.mark.parametrize("after", ["x", "-1", "", "1.5", str(2**63), "%D9%A1"])
async def test_event_socket_refuses_a_position_that_is_none(panel: Any, after: str) -> None:
    async with opened(panel, query=f"?after={after}") as socket:
        assert await code_of(socket) == 4400


# Who stays


async def test_event_socket_ends_with_its_token(panel: Any) -> None:
    secret = panel.run.environment["JWT_SIGNING_KEY"]
    claims = jwt.decode(panel.access("alice"), options={"verify_signature": False})
    short = jwt.encode(claims | {"exp": int(time.time()) + 3}, secret, "HS256")
    async with opened(panel, short, f"?after={last_id(panel)}") as socket:
        assert await code_of(socket) == 4401


async def test_event_socket_is_closed_to_a_deactivated_user_within_15_s_however_they_came(panel: Any) -> None:
    headers, after = {"Cookie": panel.session("bob")}, f"?after={last_id(panel)}"
    by_token, by_cookie = panel.access("bob"), {"origin": panel.url, "additional_headers": headers}
    async with opened(panel, by_token, after) as one, opened(panel, "", after, **by_cookie) as another:
        with panel.database() as database, active_again(panel, "bob"):
            await next_of(one, order(panel, "last-seen", "bob"))
            database.execute("UPDATE users SET is_active = false WHERE username = 'bob'")
            database.commit()
            assert await asyncio.gather(code_of(one), code_of(another)) == [4401, 4401]


@contextlib.contextmanager
def active_again(panel: Any, name: str) -> Any:
    try:
        yield
    finally:
        with panel.database() as database:
            database.execute("UPDATE users SET is_active = true WHERE username = %s", [name])


async def test_event_socket_lets_one_user_not_take_all_sockets(panel: Any) -> None:
    """Each of the two web processes gives ten."""
    token, after = panel.access("alice"), last_id(panel)
    async with contextlib.AsyncExitStack() as stack:
        opening = [opened(panel, token, f"?after={after}") for _ in range(21)]
        sockets = [await stack.enter_async_context(one) for one in opening]
        ends = [asyncio.ensure_future(code_of(socket)) for socket in sockets]
        done, rest = await asyncio.wait(ends, timeout=20 * PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        assert {end.result() for end in done} == {1008}
        for end in rest:
            end.cancel()
