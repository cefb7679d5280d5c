"""What is kept for a time is forgotten after it, by the clock's task."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from accounts import mail_links
from accounts.models import Mail, TokenFamily
from tests.accounts.conftest import send
from tests.seams import Shorten
from vps.models import SyncCall
from vps.tasks import forget
from web import forgetting
from web.models import KeptAnswer


def test_forget_deletes_what_is_past_its_time_and_nothing_else(alice: Any, settings: Any) -> None:
    order = {"user_id": alice.id, "name": "web", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
    for key in ("old", "new"):
        headers = {"X-API-Key": settings.MAIN_SITE_API_KEYS[0], "Idempotency-Key": key}
        body = {"action": "create", "vps": order}
        Client(headers=headers).post("/api/vps/sync", body, content_type="application/json")
        if key == "old":
            age(timedelta(days=31))
    forget()
    assert [kept.key for kept in KeptAnswer.objects.all()] == ["new"]
    assert SyncCall.objects.count() == 1


def test_forget_deletes_what_logins_leave_behind_after_its_time_and_not_before(
    alice: Any, bob: Any, as_user: Any, with_token: Any
) -> None:
    """G1: what logins leave behind is forgotten after its time, and not before."""
    for user, is_old in ((alice, True), (bob, False)):
        as_user(user)
        with_token(user)
        send(f"/api/users/{user.pk}/login-link", {})
        mail_links.make(user, mail_links.Purpose.RESET_PASSWORD, user.email)
        wrong = {"username": user.username, "password": "wrong"}
        Client(REMOTE_ADDR="192.0.2.1" if is_old else "192.0.2.2").post(
            "/api/auth/login", wrong, content_type="application/json"
        )
        token = RefreshToken.for_user(user)
        BlacklistedToken.objects.create(token=OutstandingToken.objects.get(jti=token["jti"]))
        if is_old:
            with connection.cursor() as cursor:
                for table, column in TIMES.items():
                    cursor.execute(f"UPDATE {table} SET {column} = {column} - interval '91 days'")  # noqa: S608
    before = {table: rows(table) for table in TIMES}
    forget()
    after = {table: rows(table) for table in TIMES}
    assert all(after.values())
    assert {table: before[table] - after[table] for table in before} == dict.fromkeys(before, 1) | {"limit_counts": 3}
    assert BlacklistedToken.objects.count() == 1
    assert TokenFamily.objects.get().user == bob


def test_forget_deletes_mails_after_a_month_and_those_of_nobody_after_a_day(alice: Any) -> None:
    now = timezone.now()
    days = [(alice, 29), (alice, 31), (None, 0.9), (None, 1.1)]
    for user, age_in_days in days:
        ended = now - timedelta(days=age_in_days)
        Mail.objects.create(purpose="x", user=user, login="x", ended_at=ended, created_at=ended)
    Mail.objects.create(purpose="waits", user=alice, created_at=now - timedelta(days=29))
    Mail.objects.create(purpose="waits for ever", user=alice, created_at=now - timedelta(days=31))
    forget()
    left = {(mail.purpose, mail.user, mail.ended_at and (now - mail.ended_at).days) for mail in Mail.objects.all()}
    assert left == {("x", alice, 29), ("x", None, 0), ("waits", alice, None)}


def test_forget_deletes_attempts_that_django_axes_has_left(db: None) -> None:
    """G1: attempts that django-axes has left are forgotten."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE axes_accessattempt (attempt_time timestamptz)")
        cursor.execute("INSERT INTO axes_accessattempt VALUES (now()), (now() - interval '2 days')")
        forget()
        cursor.execute("SELECT count(*) FROM axes_accessattempt")
        assert cursor.fetchone() == (1,)


def test_forget_deletes_many_rows_in_batches_and_what_is_left_over_next_time(
    alice: Any, django_assert_num_queries: Any, shorten: Shorten
) -> None:
    """G1: many rows go in batches, and what is left over goes next time."""
    shorten(rows_forgotten_at_once=100, batches_forgotten=3)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO limit_counts SELECT 'x', n::text, 1, now() - interval '1 s' FROM generate_series(1, 450) n"
        )
    with django_assert_num_queries(3):
        assert forgetting.forget("limit_counts", "ends_at < now()") == 300
    assert forgetting.forget("limit_counts", "ends_at < now()") == 150


# The time by which a row is forgotten, to each table.
TIMES = {
    "django_session": "expire_date",
    "token_families": "expires_at",
    "login_links": "expires_at",
    "mail_links": "expires_at",
    "limit_counts": "ends_at",
    "known_networks": "used_at",
    "token_blacklist_outstandingtoken": "expires_at",
}


def rows(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
        return int(cursor.fetchone()[0])


def age(by: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kept_answers SET created_at = created_at - %s", [by])
        cursor.execute("UPDATE sync_calls SET at = at - %s", [by])
