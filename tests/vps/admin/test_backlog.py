"""What the page about the main site shows of webhooks that wait."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Permission
from django.utils import timezone

from tests.conftest import person
from tests.vps.admin.test_sync_calls import PAGE, text_of
from vps.models import WebhookDelivery, WebhookEndpoint


def endpoint(name: str, **columns: Any) -> WebhookEndpoint:
    made: WebhookEndpoint = WebhookEndpoint.objects.create(
        name=name, url=f"https://{name}.example/hook", secret="whsec_x", cursor=0, **columns
    )
    return made


def deliver(to: WebhookEndpoint, *, state: str = "pending", hours: int = 0) -> None:
    now = timezone.now()
    ended = now if state != "pending" else None
    made = WebhookDelivery.objects.create(endpoint=to, type="webhook.test", body="{}", state=state, ended_at=ended)
    WebhookDelivery.objects.filter(pk=made.pk).update(created_at=now - timedelta(hours=hours))


def test_backlog_shows_what_waits_by_endpoint_and_since_when(admin: Any) -> None:
    shop, other = endpoint("shop", failed_at="2026-01-02T03:04Z", failure="HTTP 500"), endpoint("other")
    for hours in (1, 5):
        deliver(shop, hours=hours)
    deliver(other, state="delivered", hours=9)
    text = text_of(admin.get(PAGE))
    oldest = timezone.now() - timedelta(hours=5)
    assert f"shop 2 {oldest:%-d %b}, {oldest:%H}:" in text
    assert "— 2 Jan, 03:04 HTTP 500 https://shop.example/hook" in text
    assert "other 0 — — — https://other.example/hook" in text


def test_backlog_costs_the_same_queries_for_one_endpoint_and_for_many(
    admin: Any, django_assert_num_queries: Any
) -> None:
    for number in range(20):
        deliver(endpoint(f"site-{number}"))
        with django_assert_num_queries(8):
            admin.get(PAGE)


def test_backlog_shows_endpoints_to_who_may_look_at_them(as_user: Any, db: None) -> None:
    endpoint("shop")
    dave = person("dave", is_staff=True)
    dave.user_permissions.add(Permission.objects.get(codename="view_synccall"))
    assert "shop.example" not in text_of(as_user(dave).get(PAGE))
