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


@pytest.fixture
def mute(tmp_path: Path) -> Iterator[str]:
    """A Redis that takes connections and never answers."""
    address = str(tmp_path / "mute.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(50)
        yield f"unix://{address}"


def test_a_click_waits_no_more_than_a_moment_for_a_redis_that_says_nothing(
    mute: str, settings: Any, caplog: pytest.LogCaptureFixture, shorten: Shorten
) -> None:
    shorten(knock_s=1)
    config = {"hosts": [{"address": mute, "socket_timeout": None}]}
    settings.CHANNEL_LAYERS = {"default": settings.CHANNEL_LAYERS["default"] | {"CONFIG": config}}
    channel_layers.backends.clear()
    notify.knock(1, 1)
    assert "no open page was told of VPS 1: TimeoutError" in caplog.text
    notify.knock_all([(2, 1), (3, 1)])
    assert "no open page was told of VPS 2 and 1 more: TimeoutError" in caplog.text
    channel_layers.backends.clear()


def test_a_broker_that_is_down_is_found_out_once_and_not_by_every_bell(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*args: Any, **options: Any) -> None:
        raise OperationalError("down")

    monkeypatch.setattr(current_app, "send_task", down)
    notify.ring_all("identify", [1, 2, 3])
    assert [record.args[1] for record in caplog.records] == [(1,)]


def test_of_thousands_of_changes_the_pages_of_the_first_hundred_are_told_and_every_reader_of_events(
    db: None, django_capture_on_commit_callbacks: Any
) -> None:
    layer = channel_layers["default"]

    async def open_pages() -> None:
        for user_id in (0, 99, 100, 4999):
            await layer.group_add(notify.group_of(user_id), "a-page")
        await layer.group_add(notify.EVENTS, "a-reader")

    async def heard(who: str) -> list[int]:
        """All that came before what we say now."""
        await layer.send(who, {"type": "end"})
        told = [await layer.receive(who)]
        while told[-1]["type"] != "end":
            told.append(await layer.receive(who))
        return [message.get("vps") for message in told[:-1]]

    async_to_sync(open_pages)()
    with django_capture_on_commit_callbacks(execute=True):
        notify.many_pages([(id, id) for id in range(5000)])
    assert async_to_sync(heard)("a-page") == [0, 99]
    assert async_to_sync(heard)("a-reader") == [None]
