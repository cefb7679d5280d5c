"""What is kept for a time is forgotten after it, by the clock's task."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client

from accounts.models import KeptAnswer
from vps.models import SyncCall
from vps.tasks import forget


def test_the_hourly_task_forgets_what_is_past_its_time_and_nothing_else(alice: Any, settings: Any) -> None:
    order = {"user_id": alice.id, "name": "web", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    for key in ("old", "new"):
        headers = {"X-API-Key": settings.VPS_SYNC_API_KEYS[0], "Idempotency-Key": key}
        body = {"action": "create", "vps": order}
        Client(headers=headers).post("/api/vps/sync", body, content_type="application/json")
        if key == "old":
            age(timedelta(days=31))
    forget()
    assert [kept.key for kept in KeptAnswer.objects.all()] == ["new"]
    assert SyncCall.objects.count() == 1


def age(by: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kept_answers SET created_at = created_at - %s", [by])
        cursor.execute("UPDATE sync_calls SET at = at - %s", [by])
