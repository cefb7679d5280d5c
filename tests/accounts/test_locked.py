"""The page of whoever has tried too often: until when, and what to do meanwhile (F15)."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts import limits
from tests.accounts.test_limits import FAR, fill, later


def log_in(browser: Client, **more: str) -> Any:
    return browser.post("/login/?next=/profile/", {"username": "alice", "password": "wrong"} | more)


@pytest.fixture
def locked_out(alice: Any, static_files: None) -> Client:
    fill(limits.PASSWORDS_NEAR, f"user {alice.pk} {FAR}")
    return Client(REMOTE_ADDR=FAR, headers={"accept-language": "en"})


def test_locked_page_counts_down_and_opens_the_form_by_itself(locked_out: Client) -> None:
    later(900 - 125)
    answer = log_in(locked_out)
    page = answer.content.decode()
    assert answer.status_code == 429
    seconds = int(answer["Retry-After"])
    assert 120 <= seconds <= 125
    shown = f"{seconds // 60}:{seconds % 60:02}"
    assert f'<span data-left="{seconds}" data-then="/profile/">{shown}</span>' in page
    assert f'<noscript><meta http-equiv="refresh" content="{seconds};url=/profile/"></noscript>' in page
    assert re.search(r"<noscript>Login is closed until <time [^>]*>[^<]* UTC</time></noscript>", page)


def test_locked_page_names_the_login_that_was_typed_and_no_other(locked_out: Client) -> None:
    assert "There were too many failed attempts in a row for alice." in log_in(locked_out).content.decode()
    fill(limits.PASSWORDS_OF_ALL, "")
    typed = log_in(locked_out, username="<b>no one</b>").content.decode()
    assert "for &lt;b&gt;no one&lt;/b&gt;." in typed
    assert "alice" not in typed


def test_locked_page_leads_to_what_is_there_alone(locked_out: Client, settings: Any) -> None:
    settings.MAILS_ARE_ON, settings.SUPPORT_URL = False, ""
    page = log_in(locked_out).content.decode()
    assert 'href="/password/forgot/"' not in page
    assert "Tell us" not in page
    settings.MAILS_ARE_ON, settings.SUPPORT_URL = True, "https://ospab.host/support"
    page = log_in(locked_out).content.decode()
    assert 'href="/password/forgot/"' in page
    assert '<a href="https://ospab.host/support">Tell us</a>' in page


def test_locked_page_of_whoever_is_logged_in_does_not_say_that_login_is_closed(as_user: Any, alice: Any) -> None:
    browser = as_user(alice)
    for _ in range(limits.PASSWORDS_NEAR.most + 1):
        answer = browser.post(
            "/profile/password/", {"old_password": "wrong", "new_password1": "x", "new_password2": "x"}
        )
    assert answer.status_code == 429
    assert "You can try again in" in answer.content.decode()
    assert "Login is closed" not in answer.content.decode()
