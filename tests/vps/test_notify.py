"""Messages to workers and pages while Redis is there, is gone, and is there but says nothing."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from kombu.exceptions import OperationalError

from tests.bells import calls_of_redis, receiving
from tests.seams import Shorten
from tests.simulated import wait_for
from vps import notify
from vps.models import Event
from web.write_behind import WriteBehind


@pytest.fixture
def mute(tmp_path: Path) -> Iterator[str]:
    """A Redis that takes connections and never answers."""
    address = str(tmp_path / "mute.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(50)
        yield f"unix://{address}"


def test_send_waits_no_more_than_a_moment_for_a_redis_that_hangs(
    mute: str, settings: Any, caplog: pytest.LogCaptureFixture, shorten: Shorten
) -> None:
    shorten(redis_s=1)
    settings.REDIS_URL = mute
    notify.announce([notify.ChangedVps(1, 1), notify.Bell("deliver_all")])
    assert "Redis took nothing for deliver_all, user.1: network:TimeoutError" in caplog.text
    notify.announce([notify.ChangedVps(1, 2)])
    assert "user.2" not in caplog.text, "it is not asked again for a moment"


def test_send_rings_finds_out_once_that_the_broker_is_down(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*args: Any, **options: Any) -> None:
        raise OperationalError("down")

    monkeypatch.setattr(current_app, "send_task", down)
    notify.send_rings([notify.Ring("identify", (id,)) for id in (1, 2, 3)])
    assert [record.args[1] for record in caplog.records] == [(1,)]


def test_many_pages_sends_to_the_first_hundred_of_thousands_and_to_every_reader_of_events(
    db: None, django_capture_on_commit_callbacks: Any
) -> None:
    with receiving() as received:
        with django_capture_on_commit_callbacks(execute=True):
            notify.many_pages([(id, id) for id in range(5000)])
        (messages,) = received.published()
    assert messages[:-1] == [[notify.group_of(id), {"type": "vps.changed", "vps": id}] for id in range(100)]
    assert messages[-1] == [notify.EVENTS, {"type": "feed.grew"}]


def test_record_rings_by_itself_for_the_feed_and_the_owners_pages(
    alice: Any, make_vps: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    shop, redis = make_vps(alice), notify.client(settings.REDIS_URL)
    redis.delete(notify.bell_of("deliver_all"))
    with receiving() as received:
        with django_capture_on_commit_callbacks(execute=True):
            Event.objects.record("vps.updated", shop, source="sync")
            assert not redis.exists(notify.bell_of("deliver_all"))
        assert received.of(notify.group_of(alice.pk)) == [shop.pk]
    assert redis.exists(notify.bell_of("deliver_all"))


def test_record_all_rings_once_for_each_vps_however_many_its_events_are(
    alice: Any, make_vps: Any, django_capture_on_commit_callbacks: Any
) -> None:
    shop, blog = make_vps(alice), make_vps(alice, name="blog")
    with receiving() as received:
        with django_capture_on_commit_callbacks(execute=True) as callbacks:
            Event.objects.record_status([shop, blog, shop], "stopped")
            Event.objects.record_status([], "stopped")
        (messages,) = received.published()
    assert [message["vps"] for _, message in messages] == [shop.pk, blog.pk]
    assert len(callbacks) == 1  # for the pages and the feed


def test_announce_asks_redis_once_for_pages_and_bells_together(settings: Any) -> None:
    """Whatever one transaction has to send, with bells that are up already."""
    redis: Any = notify.client(settings.REDIS_URL)
    for task in ("deliver_all", "bind_by_name"):
        redis.set(notify.bell_of(task), 1)
    news = [notify.ChangedVps(1, 1), notify.NewNotice(1), notify.NewStanding(1)]
    news += [notify.Bell("deliver_all"), notify.Bell("bind_by_name", 1.0)]
    with calls_of_redis() as calls:
        notify.announce(news)
    assert calls == [["PUBLISH", "SET", "SET"]]


def test_announce_gathers_what_nobody_waits_for_and_sends_at_once_what_somebody_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process that is asked much calls Redis once for all that came within a moment."""
    sending = WriteBehind(notify.log, notify.send_gathered, within_s=3600)
    monkeypatch.setattr(notify, "sending", sending)
    sending.start()
    with receiving() as received:
        notify.announce([notify.ChangedVps(1, 1), notify.Bell("deliver_all")])
        notify.announce([notify.ChangedVps(2, 2)])
        assert received.published() == []
        notify.announce([notify.ChangedVps(3, 3), notify.NewStanding(3)])
        wait_for(lambda: not sending.kept, what="all of it")
        sending.flush()  # whoever sends just now is waited for
        (messages,) = received.published()
        assert len(messages) == 4
        notify.announce([notify.Ring("identify", (1,))])
        wait_for(lambda: not sending.kept, what="the ring")
