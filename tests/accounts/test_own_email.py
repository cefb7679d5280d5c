"""Somebody changes their address: both addresses confirm it, each by a link of its own. Told as attacks mostly."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import limits
from accounts.models import Mail, MailLink, User
from tests.accounts.conftest import Mailbox, alone, statements_of, sync
from tests.accounts.test_login_links import who, without_secrets
from tests.conftest import PASSWORD, person, waiting
from tests.simulated import wait_for
from web.models import LimitCount

PATH, CANCEL = "/profile/email/", "/profile/email/cancel/"
OLD, NEW = "alice@example.com", "new@example.org"


def ask(browser: Client, address: str = NEW, password: str = PASSWORD) -> Any:
    return browser.post(PATH, {"email": address, "password": password})


def address_of(user: Any) -> str:
    return str(User.objects.get(pk=user.pk).email)


def follow(link: str, client: Client | None = None) -> Any:
    return (client or Client(headers={"accept-language": "en"})).post(link)


@pytest.fixture
def browser(alice: Any, as_user: Any, mailbox: Mailbox) -> Client:
    client: Client = as_user(alice)
    return client


@pytest.fixture
def links(browser: Client, mailbox: Mailbox) -> dict[str, str]:
    """Those of a change that Alice has asked for, by whom they were sent to."""
    assert ask(browser).status_code == 302
    return {to: mailbox.link(to) for to in (OLD, NEW)}


@pytest.mark.parametrize("order", [(OLD, NEW), (NEW, OLD)])
def test_own_email_changes_once_both_addresses_have_confirmed_it(
    alice: Any, browser: Client, mailbox: Mailbox, order: tuple[str, str]
) -> None:
    assert f'href="{PATH}"' in browser.get("/profile/").content.decode()
    answer = browser.post(PATH, {"email": NEW, "password": PASSWORD}, follow=True)
    assert answer.redirect_chain == [("/profile/", 302)]
    for sentence in (
        "Two mails are on their way.",
        f"New address awaiting confirmation: {NEW}",
        "Open the links in both mails",
    ):
        assert sentence in answer.content.decode()
    old, new = (mailbox.sent(to)[0] for to in (OLD, NEW))
    assert f"for the login alice: from this one to {NEW}." in " ".join(old.body.split())
    assert "given as the new one for the login alice." in " ".join(new.body.split())
    assert OLD not in str(new.message()), "who reads it may be a stranger"
    first, second = (mailbox.link(to) for to in order)
    awaited = follow(first).content.decode()
    assert "One link is left" in awaited
    assert (OLD in awaited, address_of(alice)) == (False, OLD)
    waits = {OLD: "Open the link in the mail to your current address", NEW: "Open the link in the mail to the new"}
    assert waits[order[1]] in browser.get("/profile/").content.decode()
    done = follow(second)
    assert "The address has changed" in done.content.decode()
    assert address_of(alice) == NEW
    assert [mailbox.sent(to)[-1].subject for to in (OLD, NEW)] == ["Your e-mail address on ospab.host was changed"] * 2
    profile = browser.get("/profile/").content.decode()
    assert (NEW in profile, "is to become" in profile) == (True, False)
    login = {"email": NEW, "password": PASSWORD}
    assert Client().post("/api/auth/login", login, content_type="application/json").status_code == 200


def test_own_email_speaks_russian_to_whoever_reads_it(alice: Any, as_user: Any, mailbox: Mailbox) -> None:
    browser = as_user(alice)
    browser.post("/language/setlang/", {"language": "ru"})
    ask(browser)
    assert [mailbox.sent(to)[0].subject for to in (OLD, NEW)] == [
        "Смена адреса эл. почты на ospab.host",
        "Подтвердите новый адрес на ospab.host",
    ]
    page = Client(headers={"accept-language": "ru"}).get(mailbox.link(OLD)).content.decode()
    assert f"Адресом логина alice станет <b>{NEW}</b>." in page


# Who may ask


def test_own_email_asks_for_the_password_and_counts_wrong_ones(alice: Any, browser: Client, mailbox: Mailbox) -> None:
    """A stolen session is not enough, and guesses no faster than a stranger."""
    page = ask(browser, password="wrong").content.decode()
    assert "The password does not match." in page
    assert f'value="{NEW}"' in page
    assert [ask(browser, password="wrong").status_code for _ in range(10)] == [200] * 9 + [429]
    assert ask(browser).status_code == 429
    assert (mailbox.sent(), MailLink.objects.count()) == ([], 0)


def test_own_email_asks_for_no_password_where_there_is_none(mailbox: Mailbox, link_for: Any) -> None:
    sync("create", external_id="c-17", username="dora", email="dora@example.com")
    dora, browser = User.objects.get(), Client()
    browser.post(link_for(dora))
    assert 'name="password"' not in browser.get(PATH).content.decode()
    assert browser.post(PATH, {"email": NEW}).status_code == 302
    for to in ("dora@example.com", NEW):
        assert follow(mailbox.link(to)).status_code == 200
    assert address_of(dora) == NEW


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "This field is required."),
        ("alice", "This is not an e-mail address"),
        ("a@b", "This is not an e-mail address"),
        ("new@example.org\nBcc: x@example.com", "This is not an e-mail address"),
        ("new@example.org, x@example.com", "This is not an e-mail address"),
        ("<b>@example.com", "This is not an e-mail address"),
        ("new\u200b@example.org", "This is not an e-mail address"),
        ("x" * 250 + "@example.org", "at most 254 characters"),
        (OLD, "This is already your address."),
    ],
)
def test_own_email_refuses_what_is_no_new_address_beside_its_field(
    browser: Client, mailbox: Mailbox, address: str, sentence: str
) -> None:
    page = ask(browser, address)
    assert (page.status_code, sentence in page.content.decode()) == (200, True)
    assert 'aria-invalid="true"' in page.content.decode()
    assert mailbox.sent() == []


def test_own_email_may_change_its_letters_alone(alice: Any, browser: Client, mailbox: Mailbox) -> None:
    assert ask(browser, "Alice@Example.com").status_code == 302
    for to in (OLD, "Alice@Example.com"):
        follow(mailbox.link(to))
    assert address_of(alice) == "Alice@Example.com"


@pytest.mark.parametrize("why", ["mails are off", "no address"])
def test_own_email_is_not_there_where_nobody_could_confirm(
    alice: Any, browser: Client, settings: Any, why: str
) -> None:
    if why == "no address":
        User.objects.update(email="")
    else:
        settings.MAILS_ARE_ON = False
    assert PATH not in browser.get("/profile/").content.decode()
    assert (browser.get(PATH).status_code, ask(browser).status_code) == (404, 404)
    assert not Mail.objects.exists()


def test_own_email_limits_keep_down_what_one_account_sends_and_what_one_address_is_sent(
    alice: Any, bob: Any, browser: Client, as_user: Any, mailbox: Mailbox
) -> None:
    most = limits.CHANGES_OF_ACCOUNT.most
    assert [ask(browser, f"new{at}@example.org").status_code for at in range(most + 1)] == [302] * most + [429]
    LimitCount.objects.all().delete()
    for at in range(most):
        assert (
            ask(as_user(person(f"user{at}")), "victim@example.org" if at % 2 else "VICTIM@example.org").status_code
            == 302
        )
    refused = ask(as_user(bob), "victim@example.org")
    assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)
    assert "victim" not in str(list(LimitCount.objects.values()))


# Whose the new address is


def test_own_email_answers_alike_whether_the_address_is_somebodys(
    alice: Any, bob: Any, browser: Client, mailbox: Mailbox
) -> None:
    def answer_to(address: str) -> tuple[Any, ...]:
        with CaptureQueriesContext(connection) as queries:
            answer = ask(browser, address)
        pending = browser.get("/profile/").content.decode().replace(address, "")
        pending = re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": |nonce=)"[^"]+"|\d\d:\d\d(:[\d.]+)?', "", pending)
        LimitCount.objects.all().delete()
        return answer.status_code, answer["Location"], pending, statements_of(queries)

    answer_to("first@example.org")
    free = answer_to("free@example.org")
    assert answer_to("bob@example.com") == free
    assert "Open the links in both mails" in free[2]


@pytest.mark.parametrize("last", [OLD, NEW])
def test_own_email_that_was_taken_meanwhile_changes_nothing_and_says_so(
    alice: Any, browser: Client, mailbox: Mailbox, links: dict[str, str], last: str
) -> None:
    person("dora@else.where")
    User.objects.filter(username="dora@else.where").update(username=NEW)
    first = OLD if last == NEW else NEW
    assert "One link is left" in follow(links[first]).content.decode()
    before, sent = list(User.objects.values()), len(mailbox.sent())
    answer = follow(links[last])
    assert (answer.status_code, "The address has not changed" in answer.content.decode()) == (409, True)
    assert list(User.objects.values()) == before
    assert len(mailbox.sent()) == sent
    assert "is to become" not in browser.get("/profile/").content.decode()
    assert follow(links[last]).status_code == 410


@pytest.mark.django_db(transaction=True)
def test_own_email_that_two_want_at_once_goes_to_one(mailbox: Mailbox, as_user: Any) -> None:
    links = []
    for name in ("alice", "bob"):
        assert ask(as_user(person(name))).status_code == 302
        links.append(mailbox.link(NEW))
        follow(mailbox.link(f"{name}@example.com"))
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            User.objects.wait_to_name()
            clicks = [pool.submit(alone, follow, link) for link in links]
            wait_for(lambda: waiting() == len(clicks))
        statuses = sorted(click.result().status_code for click in clicks)
    assert statuses == [200, 409]
    assert User.objects.filter(email=NEW).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("meanwhile", [{"token_version": F("token_version") + 1}, {"email": "alice@else.where"}])
def test_own_email_that_dies_while_it_is_confirmed_does_not_change(
    mailbox: Mailbox, as_user: Any, meanwhile: dict[str, Any]
) -> None:
    """By a new password, or by the main site, whose transaction has begun and has not ended yet."""
    alice = person("alice")
    ask(as_user(alice))
    follow(mailbox.link(NEW))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            User.objects.filter(pk=alice.pk).update(**meanwhile)
            click = pool.submit(alone, follow, mailbox.link(OLD))
            wait_for(lambda: waiting() == 1)
        assert click.result().status_code == 410
    assert address_of(alice) == meanwhile.get("email", OLD)


# The links


def test_own_email_link_is_burnt_by_no_preview_and_its_address_is_kept(links: dict[str, str]) -> None:
    for link in links.values():
        for look in [Client().get] * 2 + [Client().head]:
            page = look(link)
            assert page.status_code == 200
            assert page["Cache-Control"] == "no-store"
            assert page["Referrer-Policy"] == "strict-origin"
            assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert not MailLink.objects.exclude(used_at=None).exists()


@pytest.mark.parametrize("to", [OLD, NEW])
def test_own_email_link_works_once_and_does_not_stand_for_the_other(alice: Any, links: dict[str, str], to: str) -> None:
    """Whoever has one mailbox alone, or has stolen a session and the password, changes nothing."""
    assert [follow(links[to]).status_code for _ in range(3)] == [200, 410, 410]
    assert Client().get(links[to]).status_code == 410
    assert address_of(alice) == OLD


def cancel(browser: Client, user: Any) -> None:
    page = browser.post(CANCEL, follow=True).content.decode()
    assert "is cancelled" in page
    assert "is to become" not in page


def ask_for_another(browser: Client, user: Any) -> None:
    assert ask(browser, "other@example.org").status_code == 302


def by_main_site(browser: Client, user: Any) -> None:
    assert sync("update", id=user.pk, email="alice@else.where").status_code == 200


def deactivate_for_a_while(browser: Client, user: Any) -> None:
    for is_active in (False, True):
        assert sync("update", id=user.pk, is_active=is_active).status_code == 200


def change_password(browser: Client, user: Any) -> None:
    form = {"old_password": PASSWORD, "new_password1": "quite another 1", "new_password2": "quite another 1"}
    assert browser.post("/profile/password/", form).status_code == 302


def expire(browser: Client, user: Any) -> None:
    MailLink.objects.update(expires_at=F("created_at"))


@pytest.mark.parametrize(
    "end", [cancel, ask_for_another, by_main_site, deactivate_for_a_while, change_password, expire]
)
@pytest.mark.parametrize("confirmed", [None, OLD, NEW])
def test_own_email_change_dies_of_whatever_happens_meanwhile(
    alice: Any, browser: Client, links: dict[str, str], end: Any, confirmed: str | None
) -> None:
    if confirmed:
        follow(links[confirmed])
    end(browser, alice)
    before = address_of(alice)
    unknown = "/email/confirm/" + "x" * 43 + "/"
    for link in links.values():
        for look in (Client().get, Client().post):
            ended, never_was = (without_secrets(look(path), path) for path in (link, unknown))
            assert ended == never_was
            assert ended[0] == 410
    assert address_of(alice) == before


def test_own_email_mails_of_a_change_that_is_cancelled_are_not_sent(browser: Client, mailbox: Mailbox) -> None:
    ask(browser)
    browser.post(CANCEL)
    assert mailbox.sent() == []
    ask(browser, "first@example.org")
    ask(browser, "second@example.org")
    assert [message.to for message in mailbox.sent()] == [[OLD], ["second@example.org"]]


def test_own_email_mail_that_is_sent_twice_leaves_its_last_link_and_no_more_time(
    alice: Any, mailbox: Mailbox, links: dict[str, str]
) -> None:
    """Nobody knows whether a mail went out whose sending was cut off."""
    ends = MailLink.objects.get(purpose="confirm_new_email").expires_at
    Mail.objects.update(ended_at=None, sent_at=None, due_at=F("created_at"))
    again = {to: mailbox.link(to) for to in links}
    assert [follow(link).status_code for link in links.values()] == [410, 410]
    assert MailLink.objects.get(purpose="confirm_new_email").expires_at == ends
    assert [follow(link).status_code for link in again.values()] == [200, 200]
    assert address_of(alice) == NEW


@pytest.mark.parametrize("to", [OLD, NEW])
def test_own_email_mail_is_not_sent_again_once_its_link_was_followed(
    mailbox: Mailbox, links: dict[str, str], to: str
) -> None:
    follow(links[to])
    sent = len(mailbox.sent())
    purpose = "confirm_old_email" if to == OLD else "confirm_new_email"
    Mail.objects.filter(purpose=purpose).update(ended_at=None, sent_at=None, due_at=F("created_at"))
    assert len(mailbox.sent()) == sent
    assert not Mail.objects.filter(ended_at=None).exists()


def test_own_email_link_is_its_users_whoever_is_logged_in(
    alice: Any, bob: Any, as_user: Any, links: dict[str, str]
) -> None:
    of_bob = as_user(bob)
    for link in links.values():
        assert follow(link, of_bob).status_code == 200
    assert (address_of(alice), address_of(bob)) == (NEW, "bob@example.com")
    assert who(of_bob) == bob.pk
    assert of_bob.post(CANCEL).status_code == 302


def test_own_email_is_cancelled_by_its_own_user_alone(
    alice: Any, bob: Any, as_user: Any, links: dict[str, str]
) -> None:
    as_user(bob).post(CANCEL)
    Client().post(CANCEL)
    assert [Client().get(link).status_code for link in links.values()] == [200, 200]


def test_own_email_link_sets_no_password_and_ends_those_that_would(
    alice: Any, mailbox: Mailbox, links: dict[str, str]
) -> None:
    token = links[OLD].split("/")[-2]
    assert Client().get(f"/password/reset/{token}/").status_code == 410
    Client().post("/password/forgot/", {"login": "alice"})
    reset = mailbox.link(OLD)
    assert Client().get(reset).status_code == 200
    for link in links.values():
        follow(link)
    assert Client().get(reset).status_code == 410, "it went to the address of before"


def test_own_email_needs_its_forms_tokens(alice: Any, mailbox: Mailbox, links: dict[str, str]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice, backend="accounts.backends.UsernameOrEmailBackend")
    assert [follow(path, browser).status_code for path in (*links.values(), PATH, CANCEL)] == [403] * 4
    assert MailLink.objects.filter(used_at=None).count() == 2


def test_own_email_leads_to_the_panel_whatever_host_was_asked(alice: Any, browser: Client, mailbox: Mailbox) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    form = {"email": NEW, "password": PASSWORD}
    assert browser.post(PATH, form, headers={"host": "evil.example"}).status_code == 302
    assert "evil" not in "".join(str(message.message()) for message in mailbox.sent())
    assert mailbox.link(NEW).startswith("/email/confirm/")


def test_own_email_shows_names_with_markup_as_they_are(alice: Any, browser: Client, mailbox: Mailbox) -> None:
    User.objects.update(username="<img src=x>")
    ask(browser)
    pages = [Client().get(mailbox.link(to)).content.decode() for to in (OLD, NEW)]
    for page in [*pages, *(message.alternatives[0][0] for message in mailbox.sent())]:
        assert "&lt;img src=x&gt;" in page
        assert "<img src=x>" not in page


@pytest.mark.django_db(transaction=True)
def test_own_email_of_many_clicks_at_once_changes_once(as_user: Any, mailbox: Mailbox) -> None:
    alice = person("alice")
    ask(as_user(alice))
    links = [mailbox.link(to) for to in (OLD, NEW)]
    with ThreadPoolExecutor(4) as pool:
        statuses = [one.status_code for one in pool.map(lambda link: alone(follow, link), links * 6)]
    assert sorted(statuses) == [200] * 2 + [410] * 10
    assert address_of(alice) == NEW
    assert len([one for one in mailbox.sent() if "was changed" in one.subject]) == 2
