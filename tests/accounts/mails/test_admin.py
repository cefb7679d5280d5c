"""Mails as staff see them."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Mail


@pytest.fixture
def mails(alice: Any, bob: Any) -> dict[str, Mail]:
    now = timezone.now()
    columns: dict[str, dict[str, Any]] = {
        "waiting": {"user": alice, "tries": 2, "problem": "deferred: 450 Greylisted"},
        "sent": {"user": bob, "sent_at": now, "ended_at": now},
        "failed": {"user": alice, "address": "new@example.com", "ended_at": now, "problem": "refused: 550 <b>No</b>"},
        "nothing": {"login": "nobody", "ended_at": now},
    }
    return {name: Mail.objects.create(purpose="password_changed", **given) for name, given in columns.items()}


def listed(page: Any) -> list[int]:
    return [mail.pk for mail in page.context["cl"].result_list]


@pytest.mark.parametrize("state", ["waiting", "sent", "failed", "nothing"])
def test_admin_finds_mails_by_how_far_they_are(carol: Any, as_user: Any, mails: dict[str, Mail], state: str) -> None:
    page = as_user(carol).get(f"/admin/accounts/mail/?state={state}")
    assert listed(page) == [mails[state].pk]


def test_admin_lists_mails_with_what_keeps_them(
    carol: Any, as_user: Any, mails: dict[str, Mail], django_assert_num_queries: Any
) -> None:
    browser = as_user(carol)
    browser.get("/admin/accounts/mail/")
    with django_assert_num_queries(6):
        page = browser.get("/admin/accounts/mail/")
    text = page.content.decode()
    for shown in (
        "Your password on ospab.host was changed",
        "the SMTP host puts it off: 450 Greylisted",
        "the SMTP host refuses it: 550 &lt;b&gt;No&lt;/b&gt;",
        "new@example.com",
        "bob@example.com",
        "nothing was to be sent",
    ):
        assert shown in text
    assert len(listed(page)) == 4


@pytest.mark.parametrize(("asked", "found"), [("bob", "sent"), ("new@example", "failed"), ("nobody", "nothing")])
def test_admin_finds_mails_by_person_and_address(
    carol: Any, as_user: Any, mails: dict[str, Mail], asked: str, found: str
) -> None:
    assert listed(as_user(carol).get(f"/admin/accounts/mail/?q={asked}")) == [mails[found].pk]


def test_admin_shows_one_mail(carol: Any, as_user: Any, mails: dict[str, Mail]) -> None:
    page = as_user(carol).get(f"/admin/accounts/mail/{mails['failed'].pk}/change/").content.decode()
    assert "the SMTP host refuses it" in page
    assert "was not sent" in page
