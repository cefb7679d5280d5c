"""Webhooks as Carol keeps them, and as those see them who may only look."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from tests.conftest import person
from tests.vps.admin.reading import lines, names, rows
from tests.vps.services.webhooks.conftest import added, endpoint, happen, received_changes, receiver, run
from tests.vps.services.webhooks.receiver import Receiver
from vps.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from vps.services import webhooks

__all__ = ["endpoint", "receiver"]

ENDPOINTS, DELIVERIES = "/admin/vps/webhookendpoint/", "/admin/vps/webhookdelivery/"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")


def staff(as_user: Any, *codenames: str) -> Any:
    dave = person("dave", is_staff=True)
    dave.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return as_user(dave)


def press(admin: Any, endpoint: WebhookEndpoint, button: str) -> Any:
    return admin.post(f"{ENDPOINTS}{endpoint.pk}/{button}/", follow=True)


def page(answer: Any) -> str:
    """As it is read."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def test_webhook_endpoint_admin_shows_a_new_secret_once_and_never_cached(admin: Any) -> None:
    form = {"name": "main", "url": "https://main.example.com/hooks", "types": ["vps.created", "vps.deleted"]}
    answer = admin.post(f"{ENDPOINTS}add/", form, follow=True)
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.types == ["vps.created", "vps.deleted"]
    assert SECRET.findall(answer.content.decode()) == endpoint.live_secrets(timezone.now())
    assert "no-store" in answer["Cache-Control"]
    again = admin.get(f"{ENDPOINTS}{endpoint.pk}/secret/")
    assert "has already been shown" in page(again)
    for path in ("secret/", "change/", "history/"):
        assert not SECRET.search(admin.get(f"{ENDPOINTS}{endpoint.pk}/{path}").content.decode())


@pytest.mark.parametrize(
    ("field", "value"),
    [("url", "ftp://main/"), ("url", "http://a:b@main/"), ("types", ["vps.nonsense"]), ("name", "")],
)
def test_webhook_endpoint_admin_names_what_is_wrong_at_its_field(admin: Any, field: str, value: Any) -> None:
    form = {"name": "main", "url": "https://main.example.com/hooks"} | {field: value}
    answer = admin.post(f"{ENDPOINTS}add/", form)
    assert field in answer.context["adminform"].form.errors
    assert not WebhookEndpoint.objects.exists()


def test_webhook_endpoint_admin_allows_plain_http_where_private_addresses_are_allowed(
    admin: Any, settings: Any
) -> None:
    form = {"name": "main", "url": "http://10.0.0.5/hooks"}
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    assert "must begin with https://" in page(admin.post(f"{ENDPOINTS}add/", form))
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    admin.post(f"{ENDPOINTS}add/", form)
    assert WebhookEndpoint.objects.exists()


def test_webhook_endpoint_admin_leaves_what_is_written_meanwhile_as_it_is(
    admin: Any, endpoint: WebhookEndpoint
) -> None:
    form = {"name": "renamed", "url": endpoint.url, "cursor": "999", "is_active": "", "secret": "x"}
    assert admin.post(f"{ENDPOINTS}{endpoint.pk}/change/", form).status_code == 302
    WebhookEndpoint.objects.update(cursor=7)
    endpoint.name = "renamed again"
    webhooks.change(endpoint)
    now = WebhookEndpoint.objects.get()
    assert (now.name, now.cursor, now.is_active) == ("renamed again", 7, True)
    assert now.live_secrets(timezone.now()) == endpoint.live_secrets(timezone.now())


def test_webhook_endpoint_admin_rotates_a_secret_and_the_old_one_is_valid_for_a_day(
    admin: Any, endpoint: WebhookEndpoint
) -> None:
    old = webhooks.give_secret(endpoint.pk)
    shown = SECRET.findall(press(admin, endpoint, "rotate").content.decode())
    rotated = WebhookEndpoint.objects.get()
    assert rotated.live_secrets(timezone.now() + timedelta(hours=23)) == [*shown, old]
    assert rotated.live_secrets(timezone.now() + timedelta(hours=25)) == shown
    assert "less than 24 hours ago" in page(press(admin, endpoint, "rotate"))
    assert WebhookEndpoint.objects.get().secret == rotated.secret


def test_rotate_a_second_time_does_not_end_the_secret_that_the_receiver_has(endpoint: WebhookEndpoint) -> None:
    known = webhooks.give_secret(endpoint.pk)
    webhooks.rotate(endpoint.pk)
    webhooks.rotate(endpoint.pk)
    assert known in WebhookEndpoint.objects.get().live_secrets(timezone.now())


def test_webhook_endpoint_admin_queues_a_test_event_and_shows_its_result(
    admin: Any, receiver: Receiver, endpoint: WebhookEndpoint
) -> None:
    answer = press(admin, endpoint, "test")
    assert "A test event is queued" in page(answer)
    assert receiver.got == []
    receiver.always(status=500, body=b"<b>no</b>")
    webhooks.deliver(endpoint.pk)
    attempts = admin.get("/admin/vps/webhookattempt/").content.decode()
    assert "test_" in attempts
    assert "&lt;b&gt;no&lt;/b&gt;" in attempts
    assert "500" in page(admin.get(f"{DELIVERIES}{WebhookDelivery.objects.get().pk}/change/"))


def test_webhook_endpoint_admin_disables_and_enables_an_endpoint(
    admin: Any, receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    assert "is disabled" in page(press(admin, endpoint, "disable"))
    vps = make_vps(alice)
    happen(vps, "a")
    run(endpoint)
    assert receiver.got == []
    assert "in use" in page(press(admin, endpoint, "enable"))
    run(endpoint)
    assert received_changes(receiver, vps) == ["a"]


def test_webhook_endpoint_admin_lists_how_each_endpoint_is(
    admin: Any, receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    happen(make_vps(alice), "a", "b")
    receiver.always(status=503)
    run(endpoint)
    text = page(admin.get(ENDPOINTS))
    made_at = f"{WebhookDelivery.objects.earliest('id').created_at:%-d %b, %H:%M}"
    assert f"2, since {made_at}" in text
    assert "HTTP 503" in text
    webhooks.disable(endpoint)
    assert "by staff" in page(admin.get(ENDPOINTS))


def test_webhook_delivery_admin_sends_deliveries_again_from_the_list(
    admin: Any, receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    vps = make_vps(alice)
    happen(vps, "a")
    run(endpoint)
    delivery = WebhookDelivery.objects.get()
    form = {"action": "send_again", "_selected_action": [delivery.pk]}
    assert "1 delivery is queued again." in page(admin.post(DELIVERIES, form, follow=True))
    webhooks.deliver(endpoint.pk)
    assert received_changes(receiver, vps) == ["a", "a"]
    assert admin.post(DELIVERIES, form | {"_selected_action": "x"}).status_code == 400


@pytest.mark.parametrize("filters", ["state__exact=pending", "type__exact=vps.updated", "endpoint__id__exact={}"])
def test_webhook_delivery_admin_filters_deliveries(
    admin: Any, endpoint: WebhookEndpoint, carol: Any, alice: Any, make_vps: Any, filters: str
) -> None:
    other = added(endpoint.url, name="other")
    webhooks.send_test(other, by=carol)
    happen(make_vps(alice), "a")
    webhooks.enqueue()
    WebhookDelivery.objects.exclude(type="vps.updated", endpoint=endpoint).update(
        state="delivered", ended_at=timezone.now()
    )
    listed = page(admin.get(f"{DELIVERIES}?{filters.format(endpoint.pk)}"))
    assert "evt_1" in listed
    assert "test_" not in listed


def test_webhook_endpoint_admin_shows_who_may_only_look_no_button_and_no_secret(
    as_user: Any, receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    happen(make_vps(alice), "a")
    run(endpoint)
    looking = staff(as_user, "view_webhookendpoint", "view_webhookdelivery", "view_webhookattempt")
    seen = looking.get(f"{ENDPOINTS}{endpoint.pk}/change/")
    assert (seen.status_code, "formaction" in seen.content.decode()) == (200, False)
    assert not SECRET.search(seen.content.decode())
    assert looking.get(f"{ENDPOINTS}{endpoint.pk}/secret/").status_code == 403
    for button in ("test", "rotate", "disable", "enable"):
        assert press(looking, endpoint, button).status_code == 403
    assert "send_again" not in looking.get(DELIVERIES).content.decode()
    form = {"action": "send_again", "_selected_action": [WebhookDelivery.objects.get().pk]}
    looking.post(DELIVERIES, form)
    assert WebhookDelivery.objects.get().state == "delivered"
    assert looking.get("/admin/vps/webhookattempt/").status_code == 200
    assert WebhookEndpoint.objects.get().secret_shown_at is None


def test_webhook_delivery_admin_lets_who_may_change_deliveries_send_them_again_and_nothing_else(
    as_user: Any, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    happen(make_vps(alice), "a")
    run(endpoint)
    delivery = WebhookDelivery.objects.get()
    helping = staff(as_user, "view_webhookdelivery", "change_webhookdelivery")
    helping.post(f"{DELIVERIES}{delivery.pk}/change/", {"body": "forged", "state": "given_up"})
    helping.post(f"{DELIVERIES}{delivery.pk}/delete/", {"post": "yes"})
    assert WebhookDelivery.objects.get().body == delivery.body
    helping.post(DELIVERIES, {"action": "send_again", "_selected_action": [delivery.pk]})
    assert WebhookDelivery.objects.get().state == "pending"


@pytest.mark.parametrize("path", ["webhookendpoint", "webhookdelivery", "webhookattempt"])
def test_webhook_admin_lists_cost_the_same_queries_for_one_and_for_thirty(
    admin: Any, receiver: Receiver, alice: Any, make_vps: Any, django_assert_max_num_queries: Any, path: str
) -> None:
    vps = make_vps(alice)
    for number in range(30):
        added(receiver.url, name=f"endpoint-{number}")
    happen(vps, "a")
    webhooks.enqueue()
    for delivery in WebhookDelivery.objects.all():
        WebhookAttempt.objects.create(delivery=delivery, status=500, took_ms=1)
    with django_assert_max_num_queries(9):
        assert admin.get(f"/admin/vps/{path}/").status_code == 200


def test_attention_names_webhooks_that_need_a_hand(
    admin: Any, receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any
) -> None:
    assert lines(admin) == {}
    happen(make_vps(alice, name="shop"), "a", "b")
    receiver.always(status=500)
    run(endpoint)
    first, second = WebhookDelivery.objects.order_by("position")
    WebhookDelivery.objects.filter(pk=first.pk).update(state="given_up", ended_at=timezone.now())
    WebhookDelivery.objects.filter(pk=second.pk).update(created_at=timezone.now() - timedelta(minutes=16))
    for name in ("dismissed", "gone"):
        added(receiver.url, name=name)
    webhooks.disable(WebhookEndpoint.objects.get(name="dismissed"))
    WebhookEndpoint.objects.get(name="gone").disable("gone")
    listed = lines(admin)
    found = {key: (line.count, line.detail) for key, line in listed.items()}
    assert found["disabled-endpoints"] == (1, "gone: it answered 410 Gone")
    assert found["endpoints-behind"] == (1, "main site: 1 waits, HTTP 500")
    assert found["undelivered-events"] == (1, "main site")
    assert names(admin, "disabled-endpoints") == ["gone"]
    assert rows(admin, listed["undelivered-events"].address) == [first]
