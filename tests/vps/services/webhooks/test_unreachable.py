"""A main site that hangs or fails: who waits for it, and who does not."""

import base64
import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.db.models.functions import Now
from django.utils import timezone

from tests.seams import Shorten
from tests.vps.operations.test_sweeper import at_rest, send_home
from tests.vps.services.webhooks.conftest import added, happen, make_due, received_changes, run
from tests.vps.services.webhooks.receiver import Receiver
from vps import notify, tasks
from vps.db.locks import DELIVERING, DELIVERY_SLOT, ENQUEUEING
from vps.management.commands.sweeper import Sweeper
from vps.models import Event, Operation, WebhookDelivery, WebhookEndpoint
from vps.models.webhook_endpoint import UNREACHABLE_AFTER
from vps.services import webhooks
from vps.services.webhooks.connection import open_session
from vps.services.webhooks.send import MOST_CLAIMED, WORKERS, Run

MANY = 40


@contextmanager
def somebody_has(*locks: tuple[int, int]) -> Iterator[None]:
    """Another process, which is at it."""
    other = connections["default"].copy()
    other.connect()
    raw: psycopg.Connection[Any] = other.connection
    for what, id in locks:
        raw.execute("SELECT pg_advisory_lock(%s, %s)", [what, id])
    try:
        yield
    finally:
        # A server that is left frees what was held a moment later.
        raw.execute("SELECT pg_advisory_unlock_all()")
        raw.close()


def bells() -> list[str]:
    """The tasks that were rung for and that no worker has taken."""
    queue: Any = notify.client(settings.REDIS_URL).lrange("celery", 0, -1)
    return [json.loads(message)["headers"]["task"] for message in queue]


def rung_for() -> list[int]:
    """The endpoints of these bells, the first that was rung first."""
    queue: Any = notify.client(settings.REDIS_URL).lrange("celery", 0, -1)
    return [json.loads(base64.b64decode(json.loads(message)["body"]))[0][0] for message in reversed(queue)]


@pytest.fixture
def no_bells() -> None:
    notify.client(settings.REDIS_URL).delete("celery", notify.bell_of("deliver_all"))


def test_webhook_endpoint_that_fails_gets_one_call_a_pause_and_all_in_order_when_it_is_back(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    vpses = [make_vps(alice) for _ in range(MANY)]
    for vps in vpses:
        happen(vps, "a", "b")
    receiver.always(status=500)
    run(endpoint)
    first_round = len(receiver.got)
    assert UNREACHABLE_AFTER <= first_round <= MOST_CLAIMED
    due = WebhookDelivery.objects.due().filter(tries=0)
    assert due.count() == MANY - first_round, "what was not begun was given back"
    assert WebhookEndpoint.objects.filter(retry_at__isnull=False).update(retry_at=Now() + timedelta(hours=1))
    webhooks.deliver(endpoint.pk)
    assert (len(receiver.got), webhooks.due_endpoints()) == (first_round, [])
    for number in range(3):
        make_due()
        webhooks.deliver(endpoint.pk)
        assert len(receiver.got) == first_round + number + 1
    assert WebhookDelivery.objects.filter(tries__gt=1).count() <= 3
    endpoint.refresh_from_db()
    assert 20 < (endpoint.retry_at - timezone.now()).total_seconds() <= 180
    receiver.always()
    make_due()
    webhooks.deliver(endpoint.pk)
    assert not WebhookDelivery.objects.pending().exists()
    assert {tuple(dict.fromkeys(received_changes(receiver, vps))) for vps in vpses} == {("a", "b")}
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.unreachable_since) == (0, None)


def test_release_leaves_what_was_claimed_and_no_worker_has_begun_as_it_was(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    for _ in range(MOST_CLAIMED):
        happen(make_vps(alice), "a")
    webhooks.enqueue()
    released = threading.Event()
    with open_session(allow_private=True) as session, ThreadPoolExecutor(1) as workers:
        workers.submit(released.wait)
        run = Run(endpoint.pk, session, workers)
        run.begin()
        assert (len(run.calls), WebhookDelivery.objects.due().count()) == (MOST_CLAIMED, 0)
        run.release()
        released.set()
    assert (run.calls, receiver.got, WebhookDelivery.objects.due().count()) == ({}, [], MOST_CLAIMED)


def test_webhook_delivery_that_fails_again_and_again_holds_up_no_other(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    happen(make_vps(alice), "a")
    receiver.always(status=500)
    for _ in range(UNREACHABLE_AFTER + 2):
        run(endpoint)
        make_due()
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.is_unreachable) == (1, False)


def test_request_calls_no_receiver_though_one_hangs(
    receiver: Receiver,
    endpoint: WebhookEndpoint,
    alice: Any,
    make_vps: Any,
    bind: Any,
    as_user: Any,
    main_site: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """All that a request does, with what comes after its commit, calls nobody: only a worker does."""
    released = threading.Event()
    receiver.always(hold=released)
    vps = make_vps(alice)
    bind(vps)
    with django_capture_on_commit_callbacks(execute=True):
        assert as_user(alice).post(f"/vps/{vps.pk}/power/reboot/").status_code == 302
        assert main_site("update", id=vps.pk, name="new").status_code == 200
    released.set()
    assert Operation.objects.exists()
    assert receiver.got == []
    receiver.always()
    run(endpoint)
    assert receiver.types_of(vps.pk) == ["operation.queued", "vps.updated"]


@pytest.mark.parametrize("staff_do", ["disable", "move"])
def test_webhook_delivery_that_is_claimed_and_not_begun_heeds_what_staff_do(
    staff_do: str, receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    for _ in range(MOST_CLAIMED):
        happen(make_vps(alice), "a")
    webhooks.enqueue()
    released = threading.Event()
    with open_session(allow_private=True) as session, ThreadPoolExecutor(1) as workers:
        workers.submit(released.wait)
        run = Run(endpoint.pk, session, workers)
        run.begin()
        if staff_do == "disable":
            webhooks.disable(endpoint)
        else:
            endpoint.url += "/moved"
            webhooks.change(endpoint)
        run.begin()
        released.set()
        wait(run.calls)
    assert {got.path for got in receiver.got} == (set() if staff_do == "disable" else {"/hooks/moved"})
    assert WebhookDelivery.objects.due().count() == MOST_CLAIMED - len(run.calls)


@pytest.mark.parametrize("taken", [[(DELIVERING, 0)], [(DELIVERY_SLOT, 0), (DELIVERY_SLOT, 1)]])
def test_deliver_is_done_by_one_worker_an_endpoint_and_by_two_in_all(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any, taken: list[tuple[int, int]]
) -> None:
    happen(make_vps(alice), "a")
    webhooks.enqueue()
    with somebody_has(*((what, id or (endpoint.pk if what == DELIVERING else 0)) for what, id in taken)):
        webhooks.deliver(endpoint.pk)
        assert receiver.got == []
    webhooks.deliver(endpoint.pk)
    assert len(receiver.got) == 1


def test_enqueue_is_done_by_one_worker_at_a_time_and_no_other_waits_for_it(
    endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    happen(make_vps(alice), "a")
    with somebody_has((ENQUEUEING, 0)):
        assert not webhooks.enqueue()
        assert not WebhookDelivery.objects.exists()
    assert webhooks.enqueue()
    assert WebhookDelivery.objects.count() == 1


def test_deliver_sends_of_several_servers_at_a_time(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any, shorten: Shorten
) -> None:
    """All of the first workers are held until the last of them has come."""
    shorten(webhook_read_s=60.0)
    for _ in range(WORKERS):
        happen(make_vps(alice), "a")
    together = threading.Barrier(WORKERS, timeout=50)
    answer = receiver.answer
    receiver.answer = lambda got: (together.wait(), answer(got))[1]
    run(endpoint)
    assert WebhookDelivery.objects.filter(state="delivered").count() == WORKERS


# Bells


def test_notify_events_rings_one_bell_for_thousands_until_it_is_answered(
    no_bells: None, db: None, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(50):
            notify.events([(number, 1)])
        notify.events([(1, 1), (2, 1)])
    assert bells() == ["vps.deliver_all"]
    tasks.deliver_all()
    with django_capture_on_commit_callbacks(execute=True):
        notify.events([(1, 1)])
    assert bells() == ["vps.deliver_all"] * 2


def test_deliver_all_rings_for_each_endpoint_that_has_something_due(
    no_bells: None, endpoint: WebhookEndpoint, receiver: Receiver, alice: Any, make_vps: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    added(receiver.url, name="another", types=["vps.created"])
    happen(make_vps(alice), "a")
    with django_capture_on_commit_callbacks(execute=True):
        tasks.deliver_all()
    assert bells() == ["vps.deliver"]
    tasks.deliver(endpoint.pk)
    assert len(receiver.got) == 1


def test_deliver_rings_for_the_endpoint_that_has_waited_longest_before_its_own(
    no_bells: None, endpoint: WebhookEndpoint, receiver: Receiver, alice: Any, make_vps: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    """Two that are slow and have much to get could keep both slots for ever."""
    others = [added(receiver.url, name=name, types=["vps.updated"]) for name in ("first", "second")]
    others[0].record_answer()
    happen(make_vps(alice), "a")
    webhooks.enqueue()
    receiver.always(status=500)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.deliver(endpoint.pk)
    assert rung_for() == [others[1].pk, others[0].pk, endpoint.pk]


def test_neglected_names_what_nobody_has_read_from_the_feed_or_sent(
    endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    assert not webhooks.neglected(0).is_feed
    happen(make_vps(alice), "a")
    assert not webhooks.neglected().is_feed
    Event.objects.update(created_at=timezone.now() - timedelta(seconds=20))
    assert (webhooks.neglected().is_feed, webhooks.neglected().endpoints) == (True, [])
    webhooks.enqueue()
    assert (webhooks.neglected().is_feed, webhooks.neglected().endpoints) == (False, [])
    WebhookDelivery.objects.update(next_at=timezone.now() - timedelta(seconds=20))
    assert webhooks.neglected().endpoints == [endpoint.pk]
    for taken in ([(DELIVERING, endpoint.pk)], [(DELIVERY_SLOT, 0), (DELIVERY_SLOT, 1)]):
        with somebody_has(*taken):
            assert webhooks.neglected().endpoints == []


@pytest.mark.django_db(transaction=True)
def test_sweeper_delivers_webhooks_without_a_broker(receiver: Receiver, alice: Any, make_vps: Any) -> None:
    added(receiver.url)
    vps = make_vps(alice)
    happen(vps, "a", "b")
    sweeper = Sweeper()
    sweeper.alone_until = time.monotonic() + 60
    for _ in range(3):
        sweeper.see_to_webhooks()
        at_rest(sweeper)
    send_home(sweeper)
    assert received_changes(receiver, vps) == ["a", "b"]


# Secrets


def test_webhook_secret_is_in_no_log_and_not_in_the_database_as_it_is(
    receiver: Receiver, alice: Any, make_vps: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint = added(receiver.url)
    vps = make_vps(alice)
    for status in (200, 500, 302, 410):
        receiver.always(status=status)
        happen(vps, "a")
        make_due()
        run(endpoint)
    bare = endpoint.secret.removeprefix("whsec_")
    assert len(receiver.got) >= 3
    assert bare not in caplog.text
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT webhook_endpoints::text FROM webhook_endpoints")
        assert bare not in cursor.fetchone()[0]
