"""Whose session has ended is told so, on the page of logging in and over an open page, and comes back. F16."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import people
from tests.conftest import PASSWORD

HTMX = {"hx-request": "true", "hx-current-url": "http://testserver/profile/?x=1"}
ENDED, OFF = "Your session has ended", "This account is disabled"


def expire() -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))


def end(how: str, alice: Any, browser: Client) -> None:
    if how == "it expired":
        expire()
    elif how == "another session changed the password":
        alice.set_password("another long and winding password")
        alice.save()
    elif how == "it is gone":
        Session.objects.all().delete()
    else:
        people.deactivate(alice)


ENDS = ["it expired", "another session changed the password", "it is gone", "deactivated"]


@pytest.mark.parametrize("how", ENDS)
def test_session_that_has_ended_is_told_of_on_the_page_of_logging_in(as_user: Any, alice: Any, how: str) -> None:
    browser = as_user(alice)
    end(how, alice, browser)
    answer = browser.get("/profile/")
    why = "deactivated" if how == "deactivated" else "ended"
    assert answer["Location"] == f"/login/?next=/profile/&why={why}"
    page = browser.get(answer["Location"]).content.decode()
    assert (OFF if how == "deactivated" else ENDED) in page
    assert 'name="next" value="/profile/"' in page


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize(
    "headers", [HTMX, {"sec-fetch-mode": "cors", "referer": "http://testserver/profile/?x=1"}], ids=["htmx", "fetch"]
)
def test_session_that_has_ended_is_told_of_over_an_open_page(
    as_user: Any, alice: Any, how: str, headers: dict[str, str]
) -> None:
    browser = as_user(alice)
    end(how, alice, browser)
    answer = browser.get("/profile/", headers=headers)
    assert answer.status_code == 401
    assert (OFF if how == "deactivated" else ENDED) in answer.content.decode()
    assert 'href="/login/?next=%2Fprofile%2F%3Fx%3D1"' in answer.content.decode()


def test_session_of_a_first_visit_has_not_ended(static_files: None, db: None) -> None:
    answer = Client().get("/profile/", headers={"sec-fetch-mode": "navigate"})
    assert answer["Location"] == "/login/?next=/profile/"
    assert ENDED not in Client(headers={"accept-language": "en"}).get(answer["Location"]).content.decode()


def test_logout_says_that_it_is_done(as_user: Any, alice: Any) -> None:
    browser = as_user(alice)
    answer = browser.post("/logout/")
    assert answer["Location"] == "/login/?why=left"
    page = browser.get(answer["Location"]).content.decode()
    assert "You are logged out." in page
    assert ENDED not in page


@pytest.mark.parametrize(("language", "words"), [("ru", "Сеанс закончился"), ("en", ENDED)])
def test_session_end_is_said_in_the_readers_language(static_files: None, db: None, language: str, words: str) -> None:
    browser = Client(headers={"accept-language": language})
    assert words in browser.get("/profile/", headers=HTMX).content.decode()
    assert words in browser.get("/login/?why=ended").content.decode()


def test_login_after_a_wrong_try_says_what_was_wrong_and_no_more_of_the_session(alice: Any, static_files: None) -> None:
    form = {"username": "alice", "password": "wrong"}
    page = Client(headers={"accept-language": "en"}).post("/login/?next=/profile/&why=ended", form).content.decode()
    assert ENDED not in page
    assert 'role="alert"' in page
    right = Client().post("/login/?why=ended", form | {"password": PASSWORD, "next": "/profile/"})
    assert right["Location"] == "/profile/"


@pytest.mark.parametrize("why", ["", "x", "<b>"])
def test_login_says_nothing_of_a_reason_that_it_does_not_know(static_files: None, db: None, why: str) -> None:
    page = Client().get(f"/login/?why={why}").content.decode()
    assert 'role="status"><div>' not in page
    assert "<b>" not in page
