"""The webhooks that wait on the staff's first page."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from tests.conftest import person
from tests.vps.admin.reading import rows, words
from vps.board.webhooks import STEPS, backlog
from vps.models import WebhookDelivery, WebhookEndpoint


@pytest.fixture
def endpoint(db: None) -> WebhookEndpoint:
    where = {"url": "https://main.example.com/hooks", "secret": "s", "cursor": 0}
    made: WebhookEndpoint = WebhookEndpoint.objects.create(name="main site", **where)
    return made


def waits(endpoint: WebhookEndpoint, minutes: float, **columns: Any) -> None:
    now = timezone.now()
    defaults = {"created_at": now - timedelta(minutes=minutes), "next_at": now + timedelta(minutes=4, seconds=5)}
    WebhookDelivery.objects.create(endpoint=endpoint, type="webhook.test", body="{}", **defaults | columns)


def section(browser: Any) -> str:
    page = browser.get("/admin/").content.decode()
    return words(page[page.index('id="board-webhooks"') :]).partition("Webhook queue")[2]


def test_webhooks_say_how_many_wait_since_when_and_until_when(admin: Any, endpoint: WebhookEndpoint) -> None:
    for minutes in (52, 10, 1):
        waits(endpoint, minutes)
    waits(endpoint, 30, state="delivered", ended_at=timezone.now())
    assert "3 wait to go out" in section(admin)
    assert "The oldest has waited for 52 min. The next try is in 4 min." in section(admin)
    [address] = re.findall(r'<a id="pending" href="([^"]*)"', admin.get("/admin/").content.decode())
    assert len(rows(admin, address)) == 3


def test_webhooks_whose_time_has_come_are_due_now_but_for_those_of_a_disabled_endpoint(
    admin: Any, endpoint: WebhookEndpoint
) -> None:
    waits(endpoint, 1, next_at=timezone.now())
    assert "The next try is due now." in section(admin)
    endpoint.disable("staff")
    assert "next try" not in section(admin)


def test_webhooks_that_wait_for_their_next_try_are_sent_now_by_a_press(admin: Any, endpoint: WebhookEndpoint) -> None:
    waits(endpoint, 10)
    endpoint.row.update(failures=9, retry_at=timezone.now() + timedelta(hours=1))
    assert 'id="send-now"' in admin.get("/admin/").content.decode()
    answer = admin.post("/admin/vps/webhookendpoint/send-now/", follow=True).content.decode()
    assert "What waits is being sent." in answer
    assert 'id="send-now"' not in answer, "it is due"
    assert WebhookEndpoint.objects.open_now().get() == endpoint
    assert WebhookDelivery.objects.due().count() == 1


def test_webhooks_of_an_endpoint_that_took_nothing_wait_until_it_is_asked_again(
    admin: Any, endpoint: WebhookEndpoint
) -> None:
    waits(endpoint, 10, next_at=timezone.now() - timedelta(minutes=1))
    endpoint.row.update(failures=9, retry_at=timezone.now() + timedelta(minutes=30, seconds=5))
    assert "The next try is in 30 min. Send now" in section(admin)


def test_webhooks_of_disabled_endpoints_and_what_ended_are_not_sent_by_it(
    admin: Any, endpoint: WebhookEndpoint
) -> None:
    waits(endpoint, 10, state="delivered", ended_at=timezone.now())
    other = WebhookEndpoint.objects.create(name="other", url="https://o.example.com", secret="s", cursor=0)
    waits(other, 10)
    other.disable("staff")
    before = list(WebhookDelivery.objects.order_by("pk").values_list("state", "next_at", "claims"))
    admin.post("/admin/vps/webhookendpoint/send-now/")
    assert list(WebhookDelivery.objects.order_by("pk").values_list("state", "next_at", "claims")) == before


def test_webhooks_are_sent_now_by_staff_who_may_change_endpoints(as_user: Any, endpoint: WebhookEndpoint) -> None:
    waits(endpoint, 10)
    dave = person("dave", is_staff=True)
    codenames = ["view_webhookendpoint", "view_webhookdelivery"]
    dave.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    assert 'id="send-now"' not in as_user(dave).get("/admin/").content.decode()


def test_webhooks_say_that_all_was_sent_and_that_there_is_no_endpoint(admin: Any, request: Any) -> None:
    assert "No endpoint is set up" in section(admin)
    request.getfixturevalue("endpoint")
    assert "Everything was sent." in section(admin)


def test_backlog_is_what_waited_at_the_end_of_each_step_of_the_hour(endpoint: WebhookEndpoint) -> None:
    now = timezone.now()
    waits(endpoint, 90)
    waits(endpoint, 90, state="delivered", ended_at=now - timedelta(minutes=80))
    waits(endpoint, 90, state="delivered", ended_at=now - timedelta(minutes=30, seconds=30))
    waits(endpoint, 30, state="given_up", ended_at=now - timedelta(minutes=5))
    waits(endpoint, 10)
    counts = backlog(now)
    assert len(counts) == STEPS
    assert counts[:8] == [2] * 8
    assert counts[11:15] == [2] * 4
    assert counts[-1] == 2
