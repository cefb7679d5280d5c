"""What the main site gets of what happens: what, in which order, how often, and when again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from tests.vps.services.webhooks.conftest import added, happen, make_due, pause_s, received_changes, run
from tests.vps.services.webhooks.receiver import Got, Receiver, Reply
from vps.db.encrypted import decrypt
from vps.models import Event, ExternalId, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from vps.models.event import AT_ONCE
from vps.models.webhook_endpoint import OVERLAP
from vps.services import webhooks
from vps.services.webhooks.call import TOTAL_S
from vps.services.webhooks.send import CLAIMED_FOR_S
from vps.services.webhooks.verdict import RETRY_AFTER_S


def refusing(*vpses: Any, status: int = 500) -> Any:
    """Answers with this status to what is of these."""
    refused = {vps.pk for vps in vpses}
    return lambda got: Reply(status if got.event["vps_id"] in refused else 200)


def test_webhook_delivery_arrives_signed_in_the_shape_of_the_contract(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, carol: Any, make_vps: Any
) -> None:
    vps = make_vps(alice, name="магазин")
    ExternalId.objects.create(vps_id=vps.pk, external_id="order-7")
    Event.objects.record("vps.unbound", vps, by=carol, source="admin", vmid=107)
    run(endpoint)
    (got,) = receiver.got
    event = vps.events.get()
    sent = got.verified_by(endpoint.secret)
    when = event.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (got.path, got.id) == ("/hooks", f"evt_{event.position}")
    assert (got.headers["content-type"], got.headers["user-agent"]) == ("application/json", "ospab-panel")
    assert sent == {
        "type": "vps.unbound",
        "timestamp": when,
        "data": {
            "id": event.position,
            "type": "vps.unbound",
            "created_at": when,
            "vps_id": vps.pk,
            "user_id": alice.pk,
            "operation_id": None,
            "source": "admin",
            "by": {"id": carol.pk, "username": "carol"},
            "data": {"vmid": 107},
            "vps": vps.columns() | {"external_id": "order-7"},
        },
    }
    assert WebhookDelivery.objects.get().state == "delivered"
    with pytest.raises(WebhookVerificationError):
        got.verified_by("whsec_" + "A" * 43 + "=")


def test_webhook_delivery_has_no_columns_of_a_deleted_server(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any, main_site: Any
) -> None:
    vps = make_vps(alice)
    id = vps.pk
    main_site("delete", id=id)
    run(endpoint)
    assert [(got.event["type"], got.event["vps_id"], got.event["vps"]) for got in receiver.got] == [
        ("vps.deleted", id, None)
    ]


def test_webhook_endpoint_that_is_new_gets_only_what_comes_after(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    vps = make_vps(alice)
    happen(vps, "before")
    late = added(receiver.url + "/late", name="late")
    happen(vps, "after")
    run(late)
    assert [got.path for got in receiver.got] == ["/hooks/late"]
    assert received_changes(receiver, vps) == ["after"]


def test_webhook_endpoint_that_is_new_gets_nothing_of_before_however_much_nobody_has_read(
    receiver: Receiver, alice: Any, make_vps: Any
) -> None:
    vps = make_vps(alice)
    Event.objects.record_status([vps] * (AT_ONCE + 1), "stopped")
    endpoint = added(receiver.url)
    happen(vps, "after")
    run(endpoint)
    assert [got.event["type"] for got in receiver.got] == ["vps.updated"]


def test_webhook_endpoint_gets_the_events_that_were_chosen(receiver: Receiver, alice: Any, make_vps: Any) -> None:
    endpoint = added(receiver.url, types=["vps.missing", "vps.found"])
    vps = make_vps(alice)
    for type in ("vps.created", "vps.missing", "vps.updated", "vps.found", "operation.queued"):
        Event.objects.record(type, vps, source="system")
    run(endpoint)
    assert receiver.types_of(vps.pk) == ["vps.missing", "vps.found"]
    endpoint.refresh_from_db()
    assert endpoint.cursor == Event.objects.order_by("position").last().position


def test_webhook_delivery_waits_for_the_one_before_of_its_server_and_for_no_other(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    stuck, free = make_vps(alice), make_vps(alice)
    happen(stuck, "a")
    happen(free, "a", "b")
    happen(stuck, "b", "c")
    happen(free, "c")
    receiver.answer = refusing(stuck)
    run(endpoint)
    assert (received_changes(receiver, stuck), received_changes(receiver, free)) == (["a"], ["a", "b", "c"])
    receiver.always()
    run(endpoint)
    assert received_changes(receiver, stuck) == ["a"], "its pause is not over, and the rest waits behind it"
    make_due()
    run(endpoint)
    assert received_changes(receiver, stuck) == ["a", "a", "b", "c"]


def test_webhook_delivery_is_sent_again_as_it_was_where_its_sender_died_before_recording_the_answer(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    """Who is killed has claimed it, and has written nothing. Its claim runs out."""
    vps = make_vps(alice, name="before")
    happen(vps, "a", "b")
    webhooks.enqueue()
    (dead,) = WebhookDelivery.objects.claim(endpoint.pk, 4, CLAIMED_FOR_S)
    type(vps).objects.update(name="after")
    webhooks.deliver(endpoint.pk)
    assert receiver.got == [], "nobody else sends what somebody has in hand, nor what comes behind it"
    make_due(pk=dead.pk)
    webhooks.deliver(endpoint.pk)
    make_due()
    webhooks.send_again([dead.pk])
    webhooks.deliver(endpoint.pk)
    first, _, again = receiver.got
    assert (first.id, first.body) == (again.id, again.body) == (dead.webhook_id, dead.body.encode())


@pytest.mark.django_db(transaction=True)
def test_webhook_delivery_is_left_to_others_a_minute_after_it_was_claimed_and_not_during_its_call(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    """What others see to, while its sender is at it for as long as a call may take, and when that has died."""
    happen(make_vps(alice), "a")
    left: list[bool] = []

    def look(got: Got) -> Reply:
        for seconds in (TOTAL_S, 60 - TOTAL_S):
            WebhookDelivery.objects.update(next_at=F("next_at") - timedelta(seconds=seconds))
            left.append(WebhookDelivery.objects.due().exists())
        connection.close()
        return Reply()

    receiver.answer = look
    run(endpoint)
    assert left == [False, True]


def test_webhook_delivery_that_was_sent_meanwhile_is_not_overwritten_by_a_paused_sender(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    happen(make_vps(alice), "a")
    webhooks.enqueue()
    (paused,) = WebhookDelivery.objects.claim(endpoint.pk, 4, for_seconds=60)
    make_due()
    webhooks.deliver(endpoint.pk)
    WebhookDelivery.objects.apply_verdicts([(paused, "given_up", 0.0)])
    assert WebhookDelivery.objects.get().state == "delivered"
    webhooks.send_again([paused.pk])
    WebhookDelivery.objects.apply_verdicts([(paused, "given_up", 0.0)])
    assert WebhookDelivery.objects.get().state == "pending"


def test_send_again_during_the_last_try_is_not_given_up_by_it(
    endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    happen(make_vps(alice), "a")
    webhooks.enqueue()
    WebhookDelivery.objects.update(tries=len(RETRY_AFTER_S))
    (last,) = WebhookDelivery.objects.claim(endpoint.pk, 1, for_seconds=60)
    webhooks.send_again([last.pk])
    WebhookDelivery.objects.apply_verdicts([(last, "given_up", 0.0)])
    last.refresh_from_db()
    assert (last.state, last.tries) == ("pending", 0)


def test_webhook_delivery_is_tried_by_the_schedule_and_after_the_last_try_the_next_goes(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    vps = make_vps(alice)
    happen(vps, "a", "b")
    receiver.answer = lambda got: Reply(500 if got.event["data"]["changed"] == ["a"] else 200)
    run(endpoint)
    first = WebhookDelivery.objects.order_by("position")[0]
    planned = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    assert planned == RETRY_AFTER_S
    for seconds in planned:
        assert 0.9 * seconds - 1 <= pause_s(first) <= 1.1 * seconds
        assert received_changes(receiver, vps)[-1] == "a"
        make_due()
        webhooks.deliver(endpoint.pk)
    first.refresh_from_db()
    assert (first.state, first.tries, first.attempts.count()) == ("given_up", 10, 10)
    assert received_changes(receiver, vps) == ["a"] * 10 + ["b"]
    assert len({(got.id, got.body) for got in receiver.got}) == 2
    endpoint.refresh_from_db()
    assert endpoint.is_active


@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [
        ("120", 119, 121),
        ("in an hour", 3000, 3601),
        ("1", 4, 6),
        ("999999", 86399, 86401),
        ("soon", 4, 6),
        ("-5", 4, 6),
    ],
)
def test_webhook_endpoint_may_ask_for_a_longer_pause(
    receiver: Receiver,
    endpoint: WebhookEndpoint,
    alice: Any,
    make_vps: Any,
    retry_after: str,
    least: float,
    most: float,
) -> None:
    happen(make_vps(alice), "a")
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    receiver.always(status=429, headers={"Retry-After": in_an_hour if retry_after == "in an hour" else retry_after})
    run(endpoint)
    assert least <= pause_s(WebhookDelivery.objects.get()) <= most


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_webhook_delivery_fails_at_a_redirect_and_does_not_follow_it(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any, status: int
) -> None:
    happen(make_vps(alice), "a")
    receiver.always(status=status, headers={"Location": receiver.url + "/elsewhere"})
    run(endpoint)
    assert [got.path for got in receiver.got] == ["/hooks"]
    assert WebhookDelivery.objects.get().state == "pending"
    assert WebhookAttempt.objects.get().status == status


@pytest.mark.parametrize(("status", "state"), [(200, "delivered"), (204, "delivered"), (299, "delivered")])
def test_webhook_delivery_succeeds_with_any_2xx(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any, status: int, state: str
) -> None:
    happen(make_vps(alice), "a")
    receiver.always(status=status, body=b"")
    run(endpoint)
    assert WebhookDelivery.objects.get().state == state


def test_webhook_endpoint_is_disabled_by_a_410_and_its_deliveries_wait_until_it_is_enabled(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    vps = make_vps(alice)
    happen(vps, "a", "b")
    receiver.always(status=410)
    run(endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.disabled_why) == (False, "gone")
    happen(vps, "c")
    make_due()
    run(endpoint)
    assert received_changes(receiver, vps) == ["a"]
    receiver.always()
    webhooks.enable(endpoint)
    run(endpoint)
    assert received_changes(receiver, vps) == ["a", "a", "b", "c"]


def test_webhook_endpoint_is_disabled_that_accepts_nothing_for_longer_than_all_tries_last(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    happen(make_vps(alice), "a")
    receiver.always(status=500)
    for hours, word in ((83, ""), (2, "silent")):
        run(endpoint)
        make_due()
        WebhookEndpoint.objects.update(unreachable_since=F("unreachable_since") - timedelta(hours=hours))
        run(endpoint)
        endpoint.refresh_from_db()
        assert (endpoint.is_active, endpoint.disabled_why) == (not word, word)
        make_due()
    assert WebhookDelivery.objects.get().state == "pending"


def test_rotate_lets_both_secrets_verify_for_a_while_and_then_the_new_one_alone(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    vps = make_vps(alice)
    old = webhooks.give_secret(endpoint.pk)
    webhooks.rotate(endpoint.pk)
    new = webhooks.give_secret(endpoint.pk)
    happen(vps, "a")
    run(endpoint)
    assert old != new
    assert receiver.got[0].verified_by(old) == receiver.got[0].verified_by(new)
    webhooks.forget_old()
    WebhookEndpoint.objects.update(previous_until=F("previous_until") - OVERLAP - timedelta(minutes=6))
    happen(vps, "b")
    run(endpoint)
    assert decrypt(WebhookEndpoint.objects.get().previous_secret) == old
    webhooks.forget_old()
    assert WebhookEndpoint.objects.get().previous_secret == ""
    receiver.got[1].verified_by(new)
    with pytest.raises(WebhookVerificationError):
        receiver.got[1].verified_by(old)


def test_send_again_sends_what_was_delivered_or_given_up_as_it_was(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    vps = make_vps(alice)
    happen(vps, "a", "b")
    run(endpoint)
    WebhookDelivery.objects.filter(position=2).update(state="given_up", tries=10)
    assert webhooks.send_again(list(WebhookDelivery.objects.values_list("id", flat=True))) == 2
    webhooks.deliver(endpoint.pk)
    assert received_changes(receiver, vps) == ["a", "b", "a", "b"]
    assert [(got.id, got.body) for got in receiver.got[:2]] == [(got.id, got.body) for got in receiver.got[2:]]
    assert set(WebhookDelivery.objects.values_list("state", "tries")) == {("delivered", 1)}


def test_send_test_waits_for_no_other_delivery(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, carol: Any, make_vps: Any
) -> None:
    happen(make_vps(alice), "a")
    receiver.answer = lambda got: Reply(200 if got.id.startswith("test_") else 500)
    run(endpoint)
    made = webhooks.send_test(endpoint, by=carol)
    webhooks.deliver(endpoint.pk)
    got: Got = receiver.got[-1]
    assert got.id == f"test_{made.pk}"
    assert got.verified_by(endpoint.secret)["type"] == "webhook.test"
    assert (got.event["by"]["username"], got.event["vps"]) == ("carol", None)


def test_enqueue_costs_as_many_queries_for_a_thousand_events_as_for_ten(
    endpoint: WebhookEndpoint, alice: Any, make_vps: Any, django_assert_max_num_queries: Any
) -> None:
    vpses = [make_vps(alice) for _ in range(10)]
    happen(vpses[0], "a")
    for vps in vpses:
        Event.objects.record_status([vps] * 100, "stopped")
    with django_assert_max_num_queries(32):
        assert webhooks.enqueue()
    assert WebhookDelivery.objects.count() == 1001


def test_forget_old_deletes_what_was_delivered_long_ago_with_its_tries(
    receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    vps = make_vps(alice)
    happen(vps, *"abcd")
    run(endpoint)
    long_ago = timezone.now() - timedelta(days=31)
    WebhookDelivery.objects.filter(position__in=(1, 2, 3)).update(ended_at=long_ago)
    WebhookDelivery.objects.filter(position=2).update(state="given_up")
    WebhookDelivery.objects.filter(position=3).update(state="pending", ended_at=None)
    assert webhooks.forget_old() == 1
    assert list(WebhookDelivery.objects.order_by("position").values_list("position", flat=True)) == [2, 3, 4]
    assert WebhookAttempt.objects.count() == 3
