"""E2: a customer who came from the main site sets a first password, and from then on has one like everybody's."""

import re
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client, RequestFactory

from accounts import hashing, passwords
from accounts.models import User
from tests.accounts.conftest import AT_ONCE, at_once, sync
from tests.conftest import PASSWORD
from tests.seams import Shorten

NEW = "a first and winding password"
PATH = "/profile/password/"


def form(password: str = NEW, **fields: str) -> dict[str, str]:
    return {"new_password1": password, "new_password2": password} | fields


def log_in(password: str, name: str = "dora") -> Any:
    return Client().post("/api/auth/login", {"username": name, "password": password}, content_type="application/json")


@pytest.fixture
def dora(db: None) -> Any:
    """As the main site makes its customers."""
    sync("create", external_id="c-17", username="dora", email="dora@example.com")
    return User.objects.get(username="dora")


@pytest.fixture
def browser(dora: Any, link_for: Any) -> Client:
    """In which she came by a link of the main site."""
    client = Client(headers={"accept-language": "en"})
    assert client.post(link_for(dora)).status_code == 302
    return client


def test_first_password_asks_for_no_old_one_and_logs_in_everywhere_from_then_on(dora: Any, browser: Client) -> None:
    """E2."""
    profile = browser.get("/profile/").content.decode()
    assert "Not set yet" in profile
    assert "Set a password" in profile
    page = browser.get(PATH).content.decode()
    assert re.findall(r'name="(\w*password\w*)"', page) == ["new_password1", "new_password2"]
    assert page.count('autocomplete="new-password"') == 2
    assert 'value="dora" autocomplete="username"' in page
    assert log_in(NEW).status_code == 401
    answer = browser.post(PATH, form(), follow=True)
    assert answer.redirect_chain == [("/profile/", 302)]
    assert "Your password is set." in answer.content.decode()
    assert "Change the password" in answer.content.decode()
    assert log_in(NEW).status_code == log_in(NEW, "dora@example.com").status_code == 200
    assert Client().post("/login/", {"username": "dora", "password": NEW}).status_code == 302
    assert "old_password" in browser.get(PATH).content.decode()


def test_first_password_ends_other_sessions_and_not_this_one(dora: Any, browser: Client, link_for: Any) -> None:
    other = Client()
    other.post(link_for(dora))
    assert browser.post(PATH, form()).status_code == 302
    assert browser.get("/profile/").status_code == 200
    assert other.get("/profile/").status_code == 302


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (form("short"), "This password is too short"),
        (form("dora@example.com"), "too similar to the"),
        (form(new_password2="another"), "two password fields"),
        ({}, "This field is required."),
    ],
)
def test_first_password_that_is_weak_is_refused_beside_its_field(
    dora: Any, browser: Client, fields: dict[str, str], sentence: str
) -> None:
    page = browser.post(PATH, fields)
    assert (page.status_code, sentence in page.content.decode()) == (200, True)
    assert 'aria-invalid="true"' in page.content.decode()
    dora.refresh_from_db()
    assert not dora.has_usable_password()


def test_first_password_is_no_way_around_the_old_one(alice: Any, as_user: Any) -> None:
    """Whoever has stolen a session of somebody with a password sets none without it."""
    answer = as_user(alice).post(PATH, form())
    assert "This field is required." in answer.content.decode()
    assert log_in(PASSWORD, "alice").status_code == 200


def test_first_password_of_a_second_tab_asks_for_the_one_that_the_first_has_set(dora: Any, browser: Client) -> None:
    browser.get(PATH)
    browser.post(PATH, form())
    answer = browser.post(PATH, form("quite another password"))
    assert 'name="old_password"' in answer.content.decode()
    assert log_in(NEW).status_code == 200


class SetMeanwhile(MD5PasswordHasher):
    """Hashing takes a while, in which the other tab is done."""

    def encode(self, password: str, salt: str) -> str:
        User.objects.update(password="md5$" + super().encode("of the other tab", salt).removeprefix("md5$"))
        return super().encode(password, salt)


def test_first_password_that_loses_a_race_changes_nothing_and_says_so(
    dora: Any, browser: Client, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.SetMeanwhile"]
    answer = browser.post(PATH, form(), follow=True)
    assert answer.redirect_chain[0] == (PATH, 302)
    assert "A password has already been set." in answer.content.decode()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    assert (log_in(NEW).status_code, log_in("of the other tab").status_code) == (401, 200)


@pytest.mark.django_db(transaction=True)
def test_first_password_set_many_times_at_once_is_set_once() -> None:
    sync("create", external_id="c-17", username="dora", email="dora@example.com")
    request = RequestFactory().post(PATH)
    done = at_once(lambda at: passwords.set_first(User.objects.get(), f"{NEW} {at}", request=request), range(AT_ONCE))
    assert sorted(done) == [False] * (AT_ONCE - 1) + [True]
    assert [log_in(f"{NEW} {at}").status_code for at in range(AT_ONCE)] == [200 if won else 401 for won in done]


def test_first_password_that_there_is_no_time_to_hash_is_503_and_sets_nothing(
    dora: Any, browser: Client, shorten: Shorten
) -> None:
    shorten(hash_waits_s=0.01)
    for _ in range(hashing.AT_ONCE):
        hashing.slots.acquire()
    try:
        answer = browser.post(PATH, form())
    finally:
        for _ in range(hashing.AT_ONCE):
            hashing.slots.release()
    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (503, True)
    assert browser.post(PATH, form()).status_code == 302


def test_first_password_may_be_set_where_the_column_is_empty(dora: Any, browser: Client) -> None:
    """As of rows that were written by hand."""
    User.objects.update(password="")
    browser.force_login(User.objects.get(), backend="accounts.backends.UsernameOrEmailBackend")
    assert 'name="old_password"' not in browser.get(PATH).content.decode()
    assert browser.post(PATH, form()).status_code == 302
    assert log_in(NEW).status_code == 200
