"""A link logs one customer in, once: as the main site makes it, and as browsers and others open it."""

import io
import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.login_links import LIFE
from accounts.models import LoginLink, User
from tests.accounts.conftest import AT_ONCE, alone, at_once, send
from tests.conftest import person, waiting
from tests.simulated import wait_for


def ask(user: Any, body: Any = None, **headers: str) -> Any:
    return send(f"/api/users/{user.pk}/login-link", {} if body is None else body, **headers)


def who(browser: Client) -> int | None:
    id = browser.session.get("_auth_user_id")
    return int(id) if id else None


def test_login_link_gives_the_main_site_an_address_and_the_table_no_secret(alice: Any) -> None:
    answer = ask(alice)
    body = answer.json()
    assert (answer.status_code, set(body)) == (201, {"status", "url", "expires_at"})
    address = re.fullmatch(re.escape(settings.PANEL_URL) + r"/login/link/([\w-]{43})/", body["url"])
    assert address
    link = LoginLink.objects.values().get()
    assert address[1] not in str(link)
    assert link["expires_at"] - link["created_at"] == LIFE
    expires = datetime.strptime(body["expires_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert expires == link["expires_at"].replace(microsecond=0)


def test_login_link_is_burnt_by_no_preview_and_its_button_logs_in_once(alice: Any, link_for: Any, caplog: Any) -> None:
    link = link_for(alice, next="/profile/?a=b#c")
    browser = Client()
    for look in [Client().get] * 3 + [Client().head, browser.get]:
        page = look(link)
        assert page.status_code == 200
        assert "alice" not in page.content.decode()
        assert page["Cache-Control"] == "no-store"
        assert page["Referrer-Policy"] == "strict-origin"
        assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert who(browser) is None
    with caplog.at_level(logging.INFO):
        answer = browser.post(link)
    assert (answer.status_code, answer["Location"]) == (302, "/profile/?a=b#c")
    assert answer["Referrer-Policy"] == "strict-origin"
    assert browser.get("/profile/").status_code == 200
    assert who(browser) == alice.pk
    assert f"User {alice.pk} was let in by a link" in caplog.text
    assert link.split("/")[-2] not in caplog.text
    assert (timezone.now() - User.objects.get().last_login).total_seconds() < 60
    for again in (Client().get(link), Client().post(link), browser.post(link)):
        assert again.status_code == 410


def test_login_link_button_needs_its_forms_token(alice: Any, link_for: Any) -> None:
    link = link_for(alice)
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(link).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(link).content.decode())
    assert token
    assert browser.post(link, {"csrfmiddlewaretoken": token[1]}).status_code == 302


def test_login_link_stands_in_no_line_of_the_log(alice: Any, link_for: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    link, printed = link_for(alice), io.StringIO()
    console: Any = next(handler for handler in logging.getLogger().handlers if handler.name == "console")
    monkeypatch.setattr(console, "stream", printed)
    Client(enforce_csrf_checks=True).post(link)
    assert "Forbidden" in printed.getvalue()
    assert "/login/link/…" in printed.getvalue()
    assert link.split("/")[-2] not in printed.getvalue()


def test_login_link_without_a_next_shows_the_first_page(alice: Any, link_for: Any) -> None:
    assert Client().post(link_for(alice))["Location"] == "/"


def test_login_link_does_not_go_to_what_is_no_page_any_more_when_it_is_used(alice: Any, link_for: Any) -> None:
    link = link_for(alice, next="/profile/")
    LoginLink.objects.update(next="//evil.com")
    assert Client().post(link)["Location"] == "/"


@pytest.mark.parametrize("other", ["somebody else", "the same user", "nobody"])
def test_login_link_begins_a_fresh_session(alice: Any, bob: Any, as_user: Any, link_for: Any, other: str) -> None:
    """A cookie that somebody planted, or that somebody else left, opens nothing afterwards."""
    browser = as_user(bob if other == "somebody else" else alice)
    if other == "nobody":
        browser = Client()
        session = browser.session
        session["planted"] = "yes"
        session.save()
        browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    before = browser.cookies[settings.SESSION_COOKIE_NAME].value
    browser.post(link_for(alice))
    assert who(browser) == alice.pk
    assert "planted" not in browser.session
    assert browser.session.session_key != before
    with_old_cookie = Client()
    with_old_cookie.cookies[settings.SESSION_COOKIE_NAME] = before
    assert with_old_cookie.get("/profile/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_login_link_of_fifty_clicks_at_once_lets_in_one(link_for: Any) -> None:
    """The first of them are held up where each has found the link, and has not used it yet."""
    link = link_for(person("alice"))
    with ThreadPoolExecutor(AT_ONCE) as browsers:
        with transaction.atomic():
            LoginLink.objects.select_for_update().get()
            clicks = [browsers.submit(alone, lambda _: Client().post(link).status_code, None) for _ in range(50)]
            wait_for(lambda: waiting() == AT_ONCE)
        statuses = [click.result() for click in clicks]
    assert sorted(statuses) == [302] + [410] * 49


@pytest.mark.django_db(transaction=True)
def test_login_link_made_many_times_at_once_leaves_one_that_works(link_for: Any) -> None:
    alice = person("alice")
    links = at_once(lambda _: link_for(alice), range(16))
    assert sorted(Client().get(link).status_code for link in links) == [200] + [410] * 15


def spend(link: str, user: Any) -> None:
    assert Client().post(link).status_code == 302


def expire(link: str, user: Any) -> None:
    LoginLink.objects.update(expires_at=F("created_at"))


def renew(link: str, user: Any) -> None:
    assert ask(user).status_code == 201


def deactivate(link: str, user: Any) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def promote(link: str, user: Any) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)


def delete(link: str, user: Any) -> None:
    User.objects.filter(pk=user.pk).delete()


@pytest.mark.parametrize("end", [spend, expire, renew, deactivate, promote, delete])
@pytest.mark.parametrize(("language", "words"), [("en", "This link no longer works"), ("ru", '<html lang="ru">')])
def test_login_link_shows_the_same_page_whatever_ended_it(
    alice: Any, link_for: Any, end: Any, language: str, words: str
) -> None:
    link = link_for(alice)
    end(link, alice)
    unknown = "/login/link/" + "x" * 43 + "/"
    browser = Client(headers={"accept-language": language})
    for method in (browser.get, browser.post):
        ended, never_was = (without_secrets(method(path), path) for path in (link, unknown))
        assert ended == never_was
        assert ended[0] == 410
        assert words in ended[1]
        assert 'href="/login/"' in ended[1]
    assert who(browser) is None


def without_secrets(answer: Any, path: str) -> tuple[int, str, str]:
    page = answer.content.decode().replace(path, "")
    page = re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"\w+"', "", page)
    page = re.sub(r'nonce="[^"]+"|data-now="[^"]+"', "", page)
    return answer.status_code, page, answer["Referrer-Policy"]


def test_login_link_is_the_same_for_a_retry_under_a_key(alice: Any) -> None:
    first, again = (ask(alice, **{"idempotency-key": "k"}) for _ in range(2))
    assert (again.status_code, again.content) == (201, first.content)
    assert ask(alice).json()["url"] != first.json()["url"]


@pytest.mark.parametrize("path", ["/", "/vps/5/", "/vps/5/?q=сервер", "/profile/", "/?status=running#list"])
def test_login_link_next_may_be_a_page_of_the_panel(alice: Any, link_for: Any, path: str) -> None:
    assert ask(alice, {"next": path}).status_code == 201


@pytest.mark.parametrize(
    "path",
    [
        "//evil.com", "///evil.com", "/\\evil.com", "\\\\evil.com", "/\\/evil.com", "https:evil.com", "http:/vps/5/",
        "https://evil.com/", "javascript:alert(1)", "/%09/evil.com", "/\t/evil.com", "/\n/evil.com", "/%2F/evil.com",
        "/%5Cevil.com", "/%2e%2e/", "/../evil", "/vps/5/../../api/vps", "/./", " /", "", "vps/5/", "?q=1", "#a",
        "///profile/", "/?q=\\", "/vps/5", "/none/", "/vps/٥/", "/vps/５/", "／／evil.com", "/／evil.com",
        "/\u202e/", "/?a=\u2028", "/?a=\x7f",
        "/profile/\u200b", "/api/vps", "/api/users/sync", "/API/vps", "//api/vps", "/admin/", "/admin/vps/vps/",
        "/admin/logout/", "/%61dmin/", "/logout/", "/login/", "/login/?next=/", "/language/setlang/", "/static/x.css",
        "/?q=" + "x" * 500, 5, None, ["/"], {"a": "/"}, True,
    ],
)  # fmt: skip
def test_login_link_next_may_be_nothing_else(alice: Any, path: Any) -> None:
    answer = ask(alice, {"next": path})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["errors"]) == ["next"]
    assert not LoginLink.objects.exists()


def test_login_link_body_may_be_left_out(alice: Any, settings: Any) -> None:
    client = Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]})
    assert client.generic("POST", f"/api/users/{alice.pk}/login-link").status_code == 201
    assert ask(alice, []).json()["code"] == "invalid"
    assert ask(alice, {"to": "/"}).json()["warnings"] == ["Unknown field ignored: to"]


def test_login_link_is_refused_for_who_is_deactivated_or_not_there(alice: Any) -> None:
    User.objects.update(is_active=False)
    answer = ask(alice)
    assert (answer.status_code, answer.json()["code"]) == (409, "user_inactive")
    answer = send("/api/users/2147483647/login-link", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")
    assert not LoginLink.objects.exists()


# What an address, a shell or a file system would take for something else, too.
@pytest.mark.parametrize(
    "external_id",
    [
        "customer-5", "5", "a/b", "x/", "/x", "a//b", "with space", "100%", "%2F", "%252F", "a?b#c", "a+b;c&d=e", "login-link",
        "a/login-link", "Клиент №5", "🙂", "x" * 191, "Я" * 191, "../5/login-link", "...",
    ],
)  # fmt: skip
def test_login_link_is_made_by_whatever_the_main_site_calls_the_user(alice: Any, bob: Any, external_id: str) -> None:
    User.objects.filter(pk=alice.pk).update(external_id=external_id)
    path = f"/api/users/external/{quote(external_id, safe='')}/login-link"
    first, again = (send(path, {"next": "/profile/"}, **{"idempotency-key": "k"}) for _ in range(2))
    assert (first.status_code, set(first.json())) == (201, {"status", "url", "expires_at"})
    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
    assert LoginLink.objects.get().user_id == alice.pk
    browser = Client()
    assert browser.post(first.json()["url"].removeprefix(settings.PANEL_URL))["Location"] == "/profile/"
    assert who(browser) == alice.pk


@pytest.mark.parametrize("external_id", ["customer-6", "CUSTOMER-5", "customer-5 ", "x" * 300, "customer-5/x"])
def test_login_link_by_another_name_is_nobodys(alice: Any, external_id: str) -> None:
    User.objects.filter(pk=alice.pk).update(external_id="customer-5")
    answer = send(f"/api/users/external/{quote(external_id, safe='')}/login-link", {}, **{"idempotency-key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")


def test_login_link_by_external_id_is_refused_as_by_id(alice: Any) -> None:
    User.objects.filter(pk=alice.pk).update(external_id="customer-5")
    path = "/api/users/external/customer-5/login-link"
    assert send(path, {"next": "//evil.com"}).json()["code"] == "invalid"
    User.objects.update(is_active=False)
    assert send(path, {}).json()["code"] == "user_inactive"
    User.objects.update(is_staff=True)
    assert send(path, {}).json()["code"] == "staff_account"
    assert not LoginLink.objects.exists()


def test_login_link_by_external_id_is_logged_with_whom_it_lets_in(alice: Any, caplog: Any) -> None:
    User.objects.filter(pk=alice.pk).update(external_id="customer/5")
    with caplog.at_level(logging.INFO, "sync"):
        send("/api/users/external/customer%2F5/login-link", {})
    (line,) = [record.getMessage() for record in caplog.records if record.name == "sync"]
    logged = json.loads(line.removeprefix("sync call "))
    assert (logged["action"], logged["external_id"], logged["user_id"]) == ("login-link", "customer/5", alice.pk)
