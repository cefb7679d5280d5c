"""What open sockets cost the database and Redis: as much for fifty as for one."""

import asyncio
import contextlib
import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis.asyncio.connection import AbstractConnection

from accounts.models import User
from tests.conftest import person
from tests.seams import Shorten
from tests.vps.test_sockets import cookie_of, opened
from vps import notify
from vps.models import Event
from vps.sockets.listener import CLIENT_NAME
from vps.sockets.process import here

pytestmark = pytest.mark.django_db(transaction=True)
# Sessions, their users, and in the feed what has no place yet, and where it ends.
STATEMENTS = {"/ws/pages": 2, "/ws/events": 4}


@pytest.fixture
def sent_to_redis(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that sockets send."""
    commands: list[str] = []
    send = AbstractConnection.send_command

    async def noted(self: Any, *command: Any, **more: Any) -> Any:
        commands.append(str(command[0]))
        return await send(self, *command, **more)

    monkeypatch.setattr(AbstractConnection, "send_command", noted)
    return commands


def cookies(users: int, each: int) -> list[str]:
    found = []
    for number in range(users):
        browser = Client()
        browser.force_login(person(f"user-{number}"), backend="accounts.backends.UsernameOrEmailBackend")
        found += [cookie_of(browser)] * each
    return found


@contextlib.asynccontextmanager
async def all_open(path: str, cookies: list[str]) -> Any:
    async with contextlib.AsyncExitStack() as stack:
        found = [await stack.enter_async_context(opened(path, cookie)) for cookie in cookies]
        looks = here().looks
        while len(looks.readers) < len(cookies) or looks.due or not here().is_subscribed.is_set():
            await asyncio.sleep(0.05)
        await looks.look()
        yield found


async def statements_of_a_look() -> int:
    """In the thread in which looks are, each of which has a connection of its own."""
    captured = CaptureQueriesContext(connection)
    await sync_to_async(captured.__enter__)()
    here().looks.want_all()
    await here().looks.look()
    await sync_to_async(captured.__exit__)(None, None, None)
    return await sync_to_async(captured.__len__)()


@pytest.mark.parametrize("path", STATEMENTS)
def test_look_costs_fifty_sockets_the_statements_of_one(path: str, sent_to_redis: list[str]) -> None:
    async def ask(cookies: list[str]) -> tuple[int, list[str]]:
        sent_to_redis.clear()
        async with all_open(path, cookies):
            return await statements_of_a_look(), list(sent_to_redis)

    many = cookies(5, 10)
    one_costs, fifty_cost = async_to_sync(ask)(many[:1]), async_to_sync(ask)(many)
    assert one_costs[0] == STATEMENTS[path]
    assert fifty_cost == one_costs
    assert fifty_cost[1].count("SUBSCRIBE") == 1


def test_look_reads_the_feed_once_for_all_whom_it_concerns(make_vps: Any) -> None:
    """And writes an event once, however many sockets its owner has."""
    many = cookies(3, 10)
    servers = [make_vps(user) for user in User.objects.order_by("pk")]

    def change() -> None:
        for server in servers:
            Event.objects.record("vps.updated", server, source="sync")

    async def ask() -> tuple[int, list[int]]:
        async with all_open("/ws/events", many) as sockets:
            await sync_to_async(change)()
            sent = [json.loads((await socket.received())["text"])["vps_id"] for socket in sockets]
            await sync_to_async(change)()
            return await statements_of_a_look(), sent

    statements, sent = async_to_sync(ask)()
    assert sent == [server.pk for server in servers for _ in range(10)]
    # Beside the four: the lock, places for what has none (two), whether it may be written; whose events, and these.
    assert statements <= 12


def test_socket_beyond_those_that_a_process_holds_is_told_to_come_back(shorten: Shorten) -> None:
    (cookie,) = cookies(1, 1)
    shorten(sockets_open=1)

    async def ask() -> tuple[str, int]:
        async with opened("/ws/pages", cookie), opened("/ws/pages", cookie) as one_more:
            return one_more.first["type"], (await one_more.received())["code"]

    assert async_to_sync(ask)() == ("websocket.accept", 1013)


def test_page_socket_that_takes_nothing_holds_what_a_hundred_names_are(as_user: Any, alice: Any) -> None:
    async def ask() -> int:
        async with opened("/ws/pages", cookie_of(browser)):
            (reader,) = here().looks.readers
            here().dispatch([(notify.group_of(alice.pk), {"type": "vps.changed", "vps": id}) for id in range(5000)])
            return len(reader.named)

    browser = as_user(alice)
    assert async_to_sync(ask)() == 100


def test_socket_finds_out_what_it_did_not_hear_once_redis_is_heard_again(
    as_user: Any, alice: Any, make_vps: Any, settings: Any
) -> None:
    """Long before it would look by itself."""
    vps, browser, redis = make_vps(alice), as_user(alice), notify.client(settings.REDIS_URL)
    database = str(redis.connection_pool.connection_kwargs.get("db", 0))

    def cut_off() -> None:
        mine = [one for one in redis.client_list() if (one["name"], one["db"]) == (CLIENT_NAME, database)]
        assert [redis.client_kill_filter(_id=one["id"]) for one in mine] == [1]
        Event.objects.bulk_create([Event(type="vps.updated", vps=vps, user=alice, source="sync")])

    async def ask() -> int:
        async with all_open("/ws/events", [cookie_of(browser)]) as (socket,):
            await sync_to_async(cut_off)()
            vps_id: int = json.loads((await socket.received())["text"])["vps_id"]
            return vps_id

    assert async_to_sync(ask)() == vps.pk


def test_listen_goes_on_after_a_message_that_nobody_can_read(as_user: Any, alice: Any, settings: Any) -> None:
    browser, redis = as_user(alice), notify.client(settings.REDIS_URL)

    def publish() -> None:
        mine = notify.group_of(alice.pk)
        for text in ("", "[", "{}", "[[1]]", "[5]", json.dumps([[mine, {"vps": [1]}]]), json.dumps([[mine, 5]])):
            redis.publish(notify.channel(), text)
        notify.send([(mine, {"type": "vps.changed", "vps": 7})], "")

    async def ask() -> Any:
        async with all_open("/ws/pages", [cookie_of(browser)]) as (socket,):
            await sync_to_async(publish)()
            return json.loads((await socket.received())["text"])

    assert async_to_sync(ask)() == {"vps": 7}


def test_socket_that_is_closed_leaves_nothing_behind(as_user: Any, alice: Any) -> None:
    async def ask() -> Any:
        async with opened("/ws/events", cookie_of(browser)):
            pass
        sockets = here()
        return sockets.open, sockets.readers, dict(sockets.groups), sockets.tasks

    browser = as_user(alice)
    assert async_to_sync(ask)() == (0, set(), {}, [])
