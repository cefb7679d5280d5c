"""Messages to workers and pages while Redis is there, is gone, and is there but says nothing."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from celery import current_app
from channels.layers import channel_layers
from kombu.exceptions import OperationalError

from tests.seams import Shorten
from vps import notify
from vps.models import Event


@pytest.fixture
def mute(tmp_path: Path) -> Iterator[str]:
    """A Redis that takes connections and never answers."""
    address = str(tmp_path / "mute.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(50)
        yield f"unix://{address}"


def test_send_changes_waits_no_more_than_a_moment_for_a_redis_that_hangs(
    mute: str, settings: Any, caplog: pytest.LogCaptureFixture, shorten: Shorten
) -> None:
    shorten(redis_s=1)
    config = {"hosts": [{"address": mute, "socket_timeout": None}]}
    settings.CHANNEL_LAYERS = {"default": settings.CHANNEL_LAYERS["default"] | {"CONFIG": config}}
    channel_layers.backends.clear()
    notify.send_changes([(1, 1)])
    assert "no open page was told of VPS 1: TimeoutError" in caplog.text
    notify.send_changes([(2, 1), (3, 1)])
    assert "no open page was told of VPS 2 and 1 more: TimeoutError" in caplog.text
    channel_layers.backends.clear()


def test_send_rings_finds_out_once_that_the_broker_is_down(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*args: Any, **options: Any) -> None:
        raise OperationalError("down")

    monkeypatch.setattr(current_app, "send_task", down)
    notify.send_rings([notify.Ring("identify", (id,)) for id in (1, 2, 3)])
    assert [record.args[1] for record in caplog.records] == [(1,)]


async def received(channel: str) -> list[int]:
    """The VPSs of all messages that came to this channel until now; None stands for one that names no VPS."""
    layer = channel_layers["default"]
    await layer.send(channel, {"type": "end"})
    messages = [await layer.receive(channel)]
    while messages[-1]["type"] != "end":
        messages.append(await layer.receive(channel))
    return [message.get("vps") for message in messages[:-1]]


def test_many_pages_sends_to_the_first_hundred_of_thousands_and_to_every_reader_of_events(
    db: None, django_capture_on_commit_callbacks: Any
) -> None:
    layer = channel_layers["default"]

    async def open_pages() -> None:
        for user_id in (0, 99, 100, 4999):
            await layer.group_add(notify.group_of(user_id), "a-page")
        await layer.group_add(notify.EVENTS, "a-reader")

    async_to_sync(open_pages)()
    with django_capture_on_commit_callbacks(execute=True):
        notify.many_pages([(id, id) for id in range(5000)])
    assert async_to_sync(received)("a-page") == [0, 99]
    assert async_to_sync(received)("a-reader") == [None]


def test_record_rings_by_itself_for_the_feed_and_the_owners_pages(
    alice: Any, make_vps: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    shop, redis = make_vps(alice), notify.client(settings.REDIS_URL)
    redis.delete(notify.bell_of("deliver_all"))
    async_to_sync(channel_layers["default"].group_add)(notify.group_of(alice.pk), "alices-page")
    with django_capture_on_commit_callbacks(execute=True):
        Event.objects.record("vps.updated", shop, source="sync")
        assert not redis.exists(notify.bell_of("deliver_all"))
    assert async_to_sync(received)("alices-page") == [shop.pk]
    assert redis.exists(notify.bell_of("deliver_all"))


def test_record_all_rings_once_for_each_vps_however_many_its_events_are(
    alice: Any, make_vps: Any, django_capture_on_commit_callbacks: Any
) -> None:
    shop, blog = make_vps(alice), make_vps(alice, name="blog")
    async_to_sync(channel_layers["default"].group_add)(notify.group_of(alice.pk), "alices-page")
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        Event.objects.record_status([shop, blog, shop], "stopped")
        Event.objects.record_status([], "stopped")
    assert async_to_sync(received)("alices-page") == [shop.pk, blog.pk]
    assert len(callbacks) == 1  # for the pages and the feed
