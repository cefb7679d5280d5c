"""What stands on every page beside its own: who is logged in, where one can go, language and theme."""

import re
from typing import Any

import pytest

from accounts.templatetags.account import initials


@pytest.mark.parametrize(
    ("login", "letters"), [("anna.petrova", "AP"), ("alice", "AL"), ("иван_п", "ИП"), ("x", "X"), ("--", "--")]
)
def test_initials_are_two_letters_of_a_login(login: str, letters: str) -> None:
    assert initials(login) == letters


def test_frame_leads_only_to_what_the_settings_name(as_user: Any, alice: Any, settings: Any) -> None:
    settings.PAY_URL, settings.SUPPORT_URL, settings.STATUS_URL = "", "", ""
    assert "Payment" not in as_user(alice).get("/profile/").content.decode()
    assert "Support" not in as_user(alice).get("/profile/").content.decode()
    settings.PAY_URL, settings.SUPPORT_URL = "https://ospab.host/pay", "mailto:help@example.com"
    page = as_user(alice).get("/profile/").content.decode()
    assert re.search(r'href="https://ospab.host/pay" target="_blank" rel="noopener">Payment', page)
    assert re.search(r'href="mailto:help@example.com">Support', page), "a mail opens no page"


def test_frame_shows_staff_the_way_to_theirs_and_customers_none(as_user: Any, alice: Any, carol: Any) -> None:
    assert 'href="/admin/"' not in as_user(alice).get("/profile/").content.decode()
    assert 'href="/admin/"' in as_user(carol).get("/profile/").content.decode()


def test_frame_keeps_the_page_where_the_language_is_changed(as_user: Any, alice: Any) -> None:
    page = as_user(alice).get("/?q=a&page=2").content.decode()
    assert '<input type="hidden" name="next" value="/?q=a&amp;page=2">' in page


def test_frame_leaves_the_theme_to_the_system_until_a_script_has_read_the_choice(
    client: Any, static_files: None
) -> None:
    """F14: without JavaScript dark is what the system is."""
    page = client.get("/login/").content.decode()
    assert "data-bs-theme" not in page
    assert '<meta name="color-scheme" content="light dark">' in page


def test_login_page_shows_a_password_and_leads_to_what_helps(client: Any, static_files: None, settings: Any) -> None:
    settings.MAILS_ARE_ON, settings.STATUS_URL = True, "https://status.example.com"
    page = client.get("/login/").content.decode()
    assert 'data-show="id_password"' in page
    assert 'href="/password/forgot/"' in page
    assert 'href="https://status.example.com"' in page
