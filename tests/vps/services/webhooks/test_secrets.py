"""A webhook endpoint's secret: shown in the answer that makes it, read by nobody but whoever signs."""

import re
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import Permission
from django.utils import timezone

from tests.conftest import person
from tests.vps.services.webhooks.conftest import happen, make_due, received_changes, run
from tests.vps.services.webhooks.receiver import Receiver
from vps.db.encrypted import CannotDecrypt
from vps.models import WebhookDelivery, WebhookEndpoint
from vps.services import webhooks

ENDPOINTS = "/admin/vps/webhookendpoint/"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")


@pytest.fixture
def admin(as_user: Any, carol: Any) -> Any:
    return as_user(carol)


def live(endpoint: WebhookEndpoint) -> list[str]:
    """What signs now, as a worker has it."""
    secrets: list[str] = WebhookEndpoint.objects.get(pk=endpoint.pk).live_secrets(timezone.now())
    return secrets


def shown(answer: Any) -> list[str]:
    return SECRET.findall(answer.content.decode())


def test_webhook_secret_is_neither_shown_nor_used_up_by_a_prefetch(admin: Any, endpoint: WebhookEndpoint) -> None:
    """D10."""
    address = f"{ENDPOINTS}{endpoint.pk}/secret/"
    for _ in range(3):
        assert shown(admin.get(address)) == []
        assert shown(admin.head(address)) == []
    answer = admin.post(address)
    assert shown(answer) == live(endpoint)
    assert "no-store" in answer["Cache-Control"]
    for again in (admin.get(address), admin.post(address)):
        assert shown(again) == []
        assert "has already been shown" in again.content.decode()
    assert live(endpoint) == shown(answer)


def test_webhook_secret_is_shown_in_the_answer_that_makes_it(admin: Any) -> None:
    """D10: no page behind it holds it, and no session."""
    form = {"name": "main", "url": "https://main.example.com/hooks"}
    answer = admin.post(f"{ENDPOINTS}add/", form)
    endpoint = WebhookEndpoint.objects.get()
    assert (answer.status_code, shown(answer)) == (200, live(endpoint))
    rotated = admin.post(f"{ENDPOINTS}{endpoint.pk}/rotate/")
    assert live(endpoint) == [*shown(rotated), *shown(answer)]
    assert shown(rotated)[0] not in str(dict(admin.session.items()))


def test_webhook_secret_that_was_lost_is_made_anew_and_the_one_before_stays(
    admin: Any, endpoint: WebhookEndpoint
) -> None:
    """D10: as after a second click, whose answer alone the browser shows."""
    address = f"{ENDPOINTS}{endpoint.pk}/"
    (old,) = shown(admin.post(f"{address}secret/"))
    lost = shown(admin.post(f"{address}rotate/"))
    second_click = admin.post(f"{address}rotate/", follow=True)
    assert shown(second_click) == []
    assert "Make a new secret" in second_click.content.decode()
    assert shown(admin.get(f"{address}secret/?lost=1")) == []
    assert live(endpoint) == [*lost, old]
    anew = shown(admin.post(f"{address}secret/", {"lost": "1"}))
    assert live(endpoint) == [*anew, old]
    assert anew != lost
    WebhookEndpoint.objects.update(previous_until=timezone.now())
    assert shown(admin.post(f"{address}secret/", {"lost": "1"})) == [], "alone, it is replaced by rotating it"


def test_webhook_secret_is_refused_to_who_may_only_look(as_user: Any, endpoint: WebhookEndpoint) -> None:
    dave = person("dave", is_staff=True)
    assert as_user(dave).post(f"{ENDPOINTS}{endpoint.pk}/secret/").status_code == 403
    assert WebhookEndpoint.objects.get().secret_shown_at is None


def test_webhook_secret_that_somebody_was_shown_is_not_replaced_by_who_may_only_add(
    admin: Any, as_user: Any, endpoint: WebhookEndpoint
) -> None:
    """D10: as lost, which only whoever may change the endpoint can say."""
    address = f"{ENDPOINTS}{endpoint.pk}/"
    assert shown(admin.post(f"{address}secret/"))
    assert shown(admin.post(f"{address}rotate/"))
    before, dave = live(endpoint), person("dave", is_staff=True)
    dave.user_permissions.set(Permission.objects.filter(codename__in=["view_webhookendpoint", "add_webhookendpoint"]))
    assert shown(as_user(dave).post(f"{address}secret/", {"lost": "1"})) == []
    assert live(endpoint) == before


@pytest.mark.parametrize(
    ("url", "is_another"),
    [
        ("https://main.example.com/other-path?x=1", False),
        ("https://MAIN.example.com:443/hooks", False),
        ("https://evil.example.net/hooks", True),
        ("https://main.example.com:8443/hooks", True),
        ("http://main.example.com/hooks", True),
        ("http://main.example.com:443/hooks", True),
    ],
)
def test_webhook_secret_is_another_where_the_endpoint_gets_another_host(admin: Any, url: str, is_another: bool) -> None:
    """D1's sibling: an address changed by staff."""
    (first,) = shown(admin.post(f"{ENDPOINTS}add/", {"name": "main", "url": "https://main.example.com/hooks"}))
    endpoint = WebhookEndpoint.objects.get()
    (second,) = shown(admin.post(f"{ENDPOINTS}{endpoint.pk}/rotate/"))
    answer = admin.post(f"{ENDPOINTS}{endpoint.pk}/change/", {"name": "main", "url": url})
    assert WebhookEndpoint.objects.get().url == url
    if is_another:
        assert live(endpoint) == shown(answer)
        assert not {first, second} & set(live(endpoint))
    else:
        assert live(endpoint) == [second, first]
        assert shown(answer) == []


# A secret that cannot be decrypted


def test_webhook_delivery_waits_while_the_field_key_is_wrong_and_staff_see_why(
    admin: Any, receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any, settings: Any
) -> None:
    """B15: no worker falls over, and no try of the schedule is spent."""
    vps = make_vps(alice)
    happen(vps, "a", "b")
    keys, settings.FIELD_KEYS = settings.FIELD_KEYS, [Fernet.generate_key().decode()]
    for _ in range(2):
        run(endpoint)
        make_due()
    assert receiver.got == []
    assert set(WebhookDelivery.objects.values_list("tries", "claims", "state")) == {(0, 0, "pending")}
    for path in ("/admin/", ENDPOINTS, f"{ENDPOINTS}{endpoint.pk}/change/"):
        assert "secret cannot be decrypted with any of FIELD_KEYS" in admin.get(path).content.decode()
    settings.FIELD_KEYS = keys
    make_due()
    run(endpoint)
    run(endpoint)
    assert received_changes(receiver, vps) == ["a", "b"]
    assert "cannot be decrypted" not in admin.get("/admin/").content.decode()


def test_rotate_works_with_the_wrong_field_key_and_the_new_secret_signs_alone(
    admin: Any, receiver: Receiver, endpoint: WebhookEndpoint, alice: Any, make_vps: Any, settings: Any
) -> None:
    """B15: what cannot be decrypted keeps nobody from writing what can."""
    assert shown(admin.post(f"{ENDPOINTS}{endpoint.pk}/secret/"))
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CannotDecrypt):
        live(endpoint)
    new = shown(admin.post(f"{ENDPOINTS}{endpoint.pk}/rotate/"))
    assert live(endpoint) == new
    happen(make_vps(alice), "a")
    run(endpoint)
    receiver.got[0].verified_by(new[0])


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://[fe80::1]/", "http://0.0.0.0:1/"])
def test_webhook_delivery_sends_nothing_to_an_address_of_a_link_though_private_ones_are_allowed(
    endpoint: WebhookEndpoint, alice: Any, make_vps: Any, settings: Any, url: str
) -> None:
    """D2's sibling: its answer would be shown to staff."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    WebhookEndpoint.objects.update(url=url)
    happen(make_vps(alice), "a")
    run(endpoint)
    assert [str(attempt.error) for attempt in WebhookDelivery.objects.get().attempts.all()] == ["address"]
    assert webhooks.fault_of(url, allow_private=True)
