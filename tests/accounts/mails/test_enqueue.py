"""A request writes down that a mail is wanted, and learns nothing by it."""

import time
from typing import Any

import pytest
from django.conf import settings as panel
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.mails import enqueue
from accounts.mails.devices import browser, system
from accounts.models import Mail
from tests.accounts.mails.conftest import request
from tests.conftest import PASSWORD
from web import bell


def bells() -> int:
    """How many were rung, and they are taken down."""
    queue = bell.client(panel.REDIS_URL)
    count = queue.llen("celery")
    queue.delete("celery")
    return int(count)  # type: ignore[arg-type]


def test_enqueue_keeps_what_the_request_is_known_by_and_no_secret(alice: Any, mails_are_on: None) -> None:
    with translation.override("ru"):
        enqueue("password_changed", request=request(cookie="session=secret"), user=alice)
    kept = Mail.objects.values().get()
    assert kept["facts"] == {"ip": "203.0.113.7", "browser": "Chrome", "system": "macOS", "language": "ru"}
    assert (kept["purpose"], kept["user_id"], kept["login"], kept["address"]) == ("password_changed", alice.pk, "", "")
    assert "secret" not in str(kept)


@pytest.mark.parametrize("login", ["alice", "alice@example.com", "nobody", "a" * 1000, "<b>&\n"])
def test_enqueue_does_one_insert_whatever_the_login_is(alice: Any, mails_are_on: None, login: str) -> None:
    """Whoever asks learns nothing by time: no look at the users, and no other statement."""
    with CaptureQueriesContext(
        connection,
    ) as asked:
        enqueue("password_changed", request=request(), login=login)
    assert [query["sql"].split()[0] for query in asked] == ["INSERT"]
    assert Mail.objects.get().login == login[:254]


def test_enqueue_writes_down_nothing_where_mails_are_off(alice: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        enqueue("password_changed", request=request(), user=alice)


@pytest.mark.django_db(transaction=True)
def test_enqueue_rings_after_the_commit_and_not_before(alice: Any, mails_are_on: None) -> None:
    bells()
    with transaction.atomic():
        enqueue("password_changed", request=request(), user=alice)
        assert bells() == 0
    assert bells() == 1


@pytest.mark.django_db(transaction=True)
def test_enqueue_loses_nothing_while_redis_is_away(alice: Any, mails_are_on: None) -> None:
    bell.redis_check.skip_until = time.monotonic() + 60
    enqueue("password_changed", request=request(), user=alice)
    assert Mail.objects.waiting().count() == 1


def test_password_that_is_changed_on_its_page_is_written_of(alice: Any, as_user: Any, mails_are_on: None) -> None:
    new = "another long and winding password"
    browser: Client = as_user(alice)
    answer = browser.post("/profile/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert answer.status_code == 302
    assert [(mail.purpose, mail.user) for mail in Mail.objects.all()] == [("password_changed", alice)]


def test_password_that_is_not_changed_is_not_written_of(alice: Any, as_user: Any, mails_are_on: None) -> None:
    as_user(alice).post("/profile/password/", {"old_password": "wrong", "new_password1": "x", "new_password2": "x"})
    assert not Mail.objects.exists()


WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "shown"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/142.0 Safari/537.36", ("Chrome", "Windows")),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/142.0 Safari/537.36 Edg/142.0", ("Edge", "Windows")),
        (
            f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/140 YaBrowser/25.10 Safari/537.36",
            ("Yandex Browser", "Windows"),
        ),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/142 Safari/537.36 OPR/125.0", ("Opera", "Linux")),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", ("Firefox", "Linux")),
        (f"Mozilla/5.0 (Linux; Android 16; Pixel 9) {WEBKIT} Chrome/142 Mobile Safari/537.36", ("Chrome", "Android")),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) {WEBKIT} Version/19.1 Safari/604.1",
            ("Safari", "iOS"),
        ),
        (f"Mozilla/5.0 (iPad; CPU OS 19_1 like Mac OS X) {WEBKIT} CriOS/142 Safari/604.1", ("Chrome", "iPadOS")),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) {WEBKIT} Version/19 Safari/605", ("Safari", "macOS")),
        ("curl/8.5.0", ("curl", "")),
        ("", ("", "")),
        ("<script>alert(1)</script>", ("", "")),
        ("x" * 100_000 + "Chrome/", ("", "")),
    ],
)
def test_devices_are_called_as_people_know_them(user_agent: str, shown: tuple[str, str]) -> None:
    assert (browser(user_agent), system(user_agent)) == shown


@pytest.mark.parametrize(
    ("given", "kept"),
    [("203.0.113.7", "203.0.113.7"), ("2001:db8::1", "2001:db8::1"), ("::ffff:203.0.113.7", "203.0.113.7"), ("?", "")],
)
def test_enqueue_keeps_the_address_as_people_write_it(alice: Any, mails_are_on: None, given: str, kept: str) -> None:
    asking = request()
    asking.META["REMOTE_ADDR"] = given
    enqueue("password_changed", request=asking, user=alice)
    assert Mail.objects.get().facts["ip"] == kept
