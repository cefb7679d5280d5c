"""A forgotten password: a mail is asked for by a name, and its link sets a new password, once. Told as attacks mostly."""

import io
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import hashing, limits
from accounts.models import Mail, MailLink, User
from tests.accounts.conftest import AT_ONCE, Mailbox, alone, at_once, statements_of, sync
from tests.accounts.test_login_links import who, without_secrets
from tests.conftest import PASSWORD, person, waiting
from tests.seams import Shorten
from tests.simulated import wait_for
from web.models import LimitCount

NEW = "quite another winding password"
FORGOT, SENT = "/password/forgot/", "/password/forgot/sent/"


def ask(login: str, client: Client | None = None, **extra: Any) -> Any:
    return (client or Client()).post(FORGOT, {"login": login}, **extra)


def fill_in(link: str, password: str = NEW, client: Client | None = None, **fields: str) -> Any:
    form = {"new_password1": password, "new_password2": password} | fields
    return (client or Client(headers={"accept-language": "en"})).post(link, form)


def log_in(password: str, name: str = "alice", **extra: Any) -> int:
    body = {"username": name, "password": password}
    status: int = Client(**extra).post("/api/auth/login", body, content_type="application/json").status_code
    return status


@pytest.fixture
def link(alice: Any, mailbox: Mailbox) -> str:
    """Alice's."""
    assert ask("alice").status_code == 302
    return mailbox.link("alice@example.com")


def test_forgotten_password_is_set_anew_by_the_link_of_a_mail(alice: Any, mailbox: Mailbox) -> None:
    browser = Client(headers={"accept-language": "en"})
    assert f'href="{FORGOT}"' in browser.get("/login/").content.decode()
    answer = ask("Alice@Example.com", browser, follow=True)
    assert answer.redirect_chain == [(SENT, 302)]
    assert "If that login exists, the mail is on its way" in answer.content.decode()
    (message,) = mailbox.sent()
    assert message.to == ["alice@example.com"]
    assert message.subject == "A new password on ospab.host"
    assert "A new password was requested for the login alice." in message.body
    path = mailbox.link("alice@example.com")
    assert re.fullmatch(r"/password/reset/[\w-]{43}/", path)
    assert path.split("/")[-2] not in str(list(MailLink.objects.values())) + str(list(Mail.objects.values()))
    page = browser.get(path).content.decode()
    assert 'value="alice" autocomplete="username"' in page
    assert page.count('autocomplete="new-password"') == 2
    answer = fill_in(path, client=browser)
    assert (answer.status_code, answer["Location"]) == (302, "/login/")
    assert "The password of the login alice is set." in browser.get("/login/").content.decode()
    assert who(browser) is None, "that is no login"
    assert (log_in(PASSWORD), log_in(NEW)) == (401, 200)
    assert [one.subject for one in mailbox.sent()[1:]] == ["Your password on ospab.host was changed"]


def test_forgotten_password_may_be_one_that_never_was(mailbox: Mailbox) -> None:
    """E2: who came from the main site has JWTs by a mail alone, too."""
    sync("create", external_id="c-17", username="dora", email="dora@example.com")
    ask("dora")
    assert fill_in(mailbox.link("dora@example.com")).status_code == 302
    assert log_in(NEW, "dora") == 200


def test_forgotten_password_speaks_russian_to_whoever_reads_it(alice: Any, mailbox: Mailbox) -> None:
    browser = Client(headers={"accept-language": "ru"})
    assert "письмо уже в пути" in ask("alice", browser, follow=True).content.decode()
    (message,) = mailbox.sent()
    assert message.subject == "Смена пароля на ospab.host"
    assert "Для логина alice запрошена смена пароля" in message.body
    assert "Задать новый пароль" in browser.get(mailbox.link("alice@example.com")).content.decode()


# Who is there, and who is not

NAMES = ["alice", "ALICE@example.com", "nobody", "nobody@example.com", "inactive", "carol", "addressless", "Ω", "<b>"]


@pytest.fixture
def everybody(alice: Any, carol: Any, mailbox: Mailbox) -> None:
    person("inactive", is_active=False)
    User.objects.filter(pk=person("addressless").pk).update(email="")


def answer_to(name: str) -> tuple[Any, ...]:
    """All that whoever asks can see of it: also the statements, without what stands in them, which are the time it takes."""
    with CaptureQueriesContext(connection) as queries:
        answer = ask(name)
    headers = {key: value for key, value in answer.headers.items() if key != "X-Request-ID"}
    return (
        answer.status_code,
        re.sub("nonce-[^']+", "", str(headers)),
        answer.content,
        sorted(answer.cookies),
        statements_of(queries),
    )


def test_forgotten_password_answers_alike_whoever_is_there(everybody: None) -> None:
    answers = {name: answer_to(name) for name in NAMES}
    assert answers["alice"][0] == 302
    for name, answer in answers.items():
        assert answer == answers["alice"], name
    assert answers["alice"][-1]
    for statement in answers["alice"][-1]:
        assert not re.search(r'(FROM|JOIN|UPDATE) "?users', statement), "nobody is looked up"


def test_forgotten_password_writes_to_active_customers_alone(everybody: None, mailbox: Mailbox) -> None:
    for name in NAMES:
        ask(name)
    assert [message.to for message in mailbox.sent()] == [["alice@example.com"]] * 2, "by either of her names"
    assert not Mail.objects.filter(ended_at=None).exists()
    assert not Mail.objects.exclude(problem="").exists()


def test_forgotten_password_writes_to_the_address_that_is_on_file(mailbox: Mailbox) -> None:
    """Letters that look alike, or become alike in capitals, lead no mail to whoever has typed them."""
    person("mike")
    for name in ("mıke@example.com", "MIKE@example.com", "mike@example.com\u200b"):
        ask(name)
    assert {tuple(message.to) for message in mailbox.sent()} == {("mike@example.com",)}


def test_forgotten_password_leads_to_the_panel_whatever_host_was_asked(alice: Any, mailbox: Mailbox) -> None:
    browser = Client(headers={"host": "localhost", "x-forwarded-host": "evil.example"})
    settings.ALLOWED_HOSTS = ["*"]
    for host in ("evil.example", "localhost:99"):
        assert ask("alice", browser, headers={"host": host}).status_code == 302
    assert mailbox.link("alice@example.com").startswith("/password/reset/")
    assert "evil" not in str(mailbox.sent()[0].message())


@pytest.mark.parametrize(
    ("login", "status"),
    [("", 200), (" ", 200), ("x" * 255, 200), ("\0", 400), ("x" * 254, 302), ("a\nBcc: x@y.z", 302)],
)
def test_forgotten_password_takes_any_name_that_can_be_one(mailbox: Mailbox, login: str, status: int) -> None:
    assert ask(login).status_code == status
    assert Mail.objects.exists() == (status == 302)
    assert mailbox.sent() == []


def test_forgotten_password_is_not_there_where_no_mails_are_sent(alice: Any, static_files: None, settings: Any) -> None:
    settings.MAILS_ARE_ON = False
    assert FORGOT not in Client().get("/login/").content.decode()
    for path in (FORGOT, SENT):
        assert Client().get(path).status_code == 404
    assert ask("alice").status_code == 404
    assert FORGOT not in Client().get("/password/reset/x/").content.decode()
    assert not Mail.objects.exists()


# How often


def test_forgotten_password_limits_write_three_times_an_hour_by_whatever_names(alice: Any, mailbox: Mailbox) -> None:
    for at, name in enumerate(["alice", "ALICE", "alice@example.com", "Alice@Example.com", "aLICE"]):
        ask(name, REMOTE_ADDR=f"192.0.2.{at}")
        mailbox.sent()
    assert len(mailbox.sent()) == limits.RESETS_OF_ACCOUNT.most == 3
    assert fill_in(mailbox.link("alice@example.com")).status_code == 302, "the newest one works"


@pytest.mark.parametrize(
    ("limit", "names", "networks"),
    [
        (limits.FORGOTTEN_NEAR, ["alice", "ALICE"], ["192.0.2.1"]),
        (limits.FORGOTTEN_OF_NETWORK, [f"name{at}" for at in range(99)], ["192.0.2.1"]),
        (limits.FORGOTTEN_OF_NAME, ["alice"], [f"192.0.2.{at}" for at in range(99)]),
    ],
)
def test_forgotten_password_limits_refuse_in_words_and_alike(
    mailbox: Mailbox, limit: Any, names: list[str], networks: list[str]
) -> None:
    browser = Client(headers={"accept-language": "en"})

    def one(at: int) -> Any:
        return ask(names[at % len(names)], browser, REMOTE_ADDR=networks[at % len(networks)])

    assert [one(at).status_code for at in range(limit.most)] == [302] * limit.most
    refused = one(limit.most)
    assert (refused.status_code, 0 < int(refused["Retry-After"]) <= 3600) == (429, True)
    assert "Too many mails requested. Try again in 60 minutes." in refused.content.decode()
    assert Mail.objects.count() == limit.most
    assert "alice" not in str(list(LimitCount.objects.values()))


def test_forgotten_password_limits_count_all_together_too(mailbox: Mailbox) -> None:
    ask("alice")
    LimitCount.objects.filter(what=limits.FORGOTTEN_OF_ALL.what).update(count=limits.FORGOTTEN_OF_ALL.most)
    assert ask("bob", REMOTE_ADDR="192.0.2.1").status_code == 429


def test_forgotten_password_is_named_to_whoever_has_guessed_too_often(
    alice: Any, mailbox: Mailbox, settings: Any
) -> None:
    def refused() -> str:
        for _ in range(limits.PASSWORDS_NEAR.most):
            log_in("wrong")
        page = Client(headers={"accept-language": "en"}).post("/login/", {"username": "alice", "password": PASSWORD})
        return str(page.content.decode())

    assert 'href="/password/forgot/">Set a new password by mail</a>' in refused()
    settings.MAILS_ARE_ON = False
    page = refused()
    assert "support can help" in page
    assert "/password/forgot/" not in page


def test_reset_password_ends_the_wait_of_whoever_had_guessed_from_there(
    alice: Any, mailbox: Mailbox, link: str
) -> None:
    for _ in range(11):
        log_in("wrong", REMOTE_ADDR="192.0.2.7")
    assert log_in(PASSWORD, REMOTE_ADDR="192.0.2.7") == 429
    assert fill_in(link, client=Client(REMOTE_ADDR="192.0.2.7")).status_code == 302
    assert log_in(NEW, REMOTE_ADDR="192.0.2.7") == 200


# The link


def test_reset_password_is_burnt_by_no_preview_and_its_address_is_kept(link: str) -> None:
    for look in [Client().get] * 3 + [Client().head]:
        page = look(link)
        assert page.status_code == 200
        assert page["Cache-Control"] == "no-store"
        assert page["Referrer-Policy"] == "strict-origin"
        assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert MailLink.objects.get().used_at is None
    assert fill_in(link)["Referrer-Policy"] == "strict-origin"
    for again in (Client().get(link), fill_in(link)):
        assert (again.status_code, again["Referrer-Policy"]) == (410, "strict-origin")
    assert MailLink.objects.get().used_at


def test_reset_password_ends_sessions_and_tokens(alice: Any, as_user: Any, with_token: Any, link: str) -> None:
    browser, program = as_user(alice), with_token(alice)
    assert (browser.get("/profile/").status_code, program.get("/api/auth/me").status_code) == (200, 200)
    fill_in(link)
    assert (browser.get("/profile/").status_code, program.get("/api/auth/me").status_code) == (302, 401)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"new_password1": "short", "new_password2": "short"}, "This password is too short"),
        ({"new_password1": "alice@example", "new_password2": "alice@example"}, "too similar to the"),
        ({"new_password1": "1234567890", "new_password2": "1234567890"}, "entirely numeric"),
        ({"new_password2": "another"}, "two password fields"),
        ({"new_password1": "", "new_password2": ""}, "This field is required."),
    ],
)
def test_reset_password_that_is_weak_is_refused_beside_its_field_and_burns_nothing(
    link: str, fields: dict[str, str], sentence: str
) -> None:
    page = fill_in(link, **fields)
    assert (page.status_code, sentence in page.content.decode()) == (200, True)
    assert 'aria-invalid="true"' in page.content.decode()
    assert log_in(PASSWORD) == 200
    assert fill_in(link).status_code == 302


def test_reset_password_that_there_is_no_time_to_hash_is_503_and_burns_nothing(link: str, shorten: Shorten) -> None:
    shorten(hash_waits_s=0.01)
    for _ in range(hashing.AT_ONCE):
        hashing.slots.acquire()
    try:
        refused = fill_in(link)
    finally:
        for _ in range(hashing.AT_ONCE):
            hashing.slots.release()
    assert (refused.status_code, int(refused["Retry-After"]) > 0) == (503, True)
    assert fill_in(link).status_code == 302


def spend(link: str, user: Any) -> None:
    assert fill_in(link).status_code == 302


def expire(link: str, user: Any) -> None:
    MailLink.objects.update(expires_at=F("created_at"))


def change_password(link: str, user: Any) -> None:
    client = Client()
    client.force_login(user, backend="accounts.backends.UsernameOrEmailBackend")
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert client.post("/profile/password/", form).status_code == 302


def deactivate_for_a_while(link: str, user: Any) -> None:
    for is_active in (False, True):
        assert sync("update", id=user.pk, is_active=is_active).status_code == 200


def deactivate_by_hand(link: str, user: Any) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def change_address(link: str, user: Any) -> None:
    assert sync("update", id=user.pk, email="alice@else.where").status_code == 200


def promote(link: str, user: Any) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)


def delete(link: str, user: Any) -> None:
    User.objects.filter(pk=user.pk).delete()


ENDS = [spend, expire, change_password, deactivate_for_a_while, deactivate_by_hand, change_address, promote, delete]


@pytest.mark.parametrize("end", ENDS)
def test_reset_password_shows_the_same_page_whatever_ended_its_link(alice: Any, link: str, end: Any) -> None:
    end(link, alice)
    hashes = list(User.objects.values_list("password", flat=True))
    unknown = "/password/reset/" + "x" * 43 + "/"
    for look in (Client().get, fill_in):
        ended, never_was = (without_secrets(look(path), path) for path in (link, unknown))
        assert ended == never_was
        assert ended[0] == 410
    assert list(User.objects.values_list("password", flat=True)) == hashes


def test_reset_password_ends_with_a_newer_link_and_with_no_logout(
    alice: Any, as_user: Any, mailbox: Mailbox, link: str
) -> None:
    as_user(alice).post("/logout/")
    assert Client().get(link).status_code == 200
    ask("alice@example.com")
    newer = mailbox.link("alice@example.com")
    assert (newer != link, Client().get(link).status_code, Client().get(newer).status_code) == (True, 410, 200)


@pytest.mark.parametrize("purpose", ["confirm_old_email", "confirm_new_email"])
def test_reset_password_takes_no_link_of_another_purpose(alice: Any, link: str, purpose: str) -> None:
    MailLink.objects.update(purpose=purpose)
    assert fill_in(link).status_code == 410
    assert log_in(PASSWORD) == 200


def test_reset_password_is_the_links_users_whoever_is_logged_in(
    alice: Any, bob: Any, as_user: Any, mailbox: Mailbox
) -> None:
    ask("bob")
    browser = as_user(alice)
    answer = fill_in(mailbox.link("bob@example.com"), client=browser)
    assert answer["Location"] == "/login/"
    assert who(browser) == alice.pk
    assert "The password of the login bob is set." in browser.get("/").content.decode()
    assert (log_in(NEW, "bob"), log_in(PASSWORD, "alice"), log_in(NEW, "alice")) == (200, 200, 401)


def test_reset_password_gives_nobody_a_session_that_somebody_has_planted(alice: Any, as_user: Any, link: str) -> None:
    """Whoever has set the cookie of a browser, or has a session of Alice's, is nobody there afterwards."""
    browser = as_user(alice)
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    fill_in(link, client=browser)
    for client in (browser, thief):
        assert client.get("/profile/").status_code == 302
        assert client.get("/login/").status_code == 200


@pytest.mark.parametrize("next", ["//evil.com", "https://evil.com/", "/admin/"])
def test_reset_password_leads_nowhere_else(mailbox: Mailbox, link: str, next: str) -> None:
    assert ask("alice", REMOTE_ADDR="192.0.2.1", QUERY_STRING=f"next={next}")["Location"] == SENT
    assert fill_in(f"{link}?next={next}", next=next)["Location"] == "/login/"


def test_reset_password_shows_a_name_with_markup_as_it_is(mailbox: Mailbox) -> None:
    mallory = person("mallory")
    User.objects.filter(pk=mallory.pk).update(username="<img src=x>%(url)s")
    ask("mallory@example.com")
    link = mailbox.link("mallory@example.com")
    assert "<img" not in mailbox.sent()[-1].alternatives[0][0]
    browser = Client()
    pages = (
        browser.get(link).content.decode(),
        fill_in(link, client=browser) and browser.get("/login/").content.decode(),
    )
    for page in pages:
        assert "&lt;img src=x&gt;%(url)s" in page
        assert "<img src=x>" not in page


def test_reset_password_needs_its_forms_token(link: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert fill_in(link, client=browser).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(link).content.decode())
    assert token
    assert fill_in(link, client=browser, csrfmiddlewaretoken=token[1]).status_code == 302


def test_reset_password_stands_in_no_line_of_the_log(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.StringIO()
    console: Any = next(handler for handler in logging.getLogger().handlers if handler.name == "console")
    monkeypatch.setattr(console, "stream", printed)
    Client(enforce_csrf_checks=True).post(link)
    fill_in(link)
    assert "/password/reset/…" in printed.getvalue()
    assert "has set a password by a link of a mail" in printed.getvalue()
    assert link.split("/")[-2] not in printed.getvalue()
    assert NEW not in printed.getvalue()


def test_reset_password_limits_refuse_links_that_never_were_and_never_a_right_one(link: str) -> None:
    client = Client(REMOTE_ADDR="192.0.2.9")
    most = limits.LINKS_OF_NETWORK.most
    tried = [client.get(f"/password/reset/{'x' * 40}{at:03}/").status_code for at in range(most + 1)]
    assert tried == [410] * most + [429]
    assert client.get("/email/confirm/x/").status_code == 429, "they share one count"
    assert fill_in(link, client=client).status_code == 302
    assert client.get(link).status_code == 410, "that is no guess"


@pytest.mark.django_db(transaction=True)
def test_reset_password_of_twenty_forms_at_once_sets_one(mailbox: Mailbox) -> None:
    """The first of them are held up where each has found the link, and has not used it yet."""
    person("alice")
    ask("alice")
    link = mailbox.link("alice@example.com")
    with ThreadPoolExecutor(AT_ONCE) as browsers:
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).get()
            forms = [
                browsers.submit(alone, lambda at: fill_in(link, f"{NEW} {at}").status_code, at) for at in range(20)
            ]
            wait_for(lambda: waiting() >= 2)
        statuses = [form.result() for form in forms]
    assert sorted(set(statuses)) in ([302, 410], [302, 410, 503])
    assert statuses.count(302) == 1
    assert User.objects.get().check_password(f"{NEW} {statuses.index(302)}")


@pytest.mark.django_db(transaction=True)
def test_forgotten_password_asked_for_many_times_at_once_leaves_one_link(mailbox: Mailbox) -> None:
    person("alice")
    at_once(lambda at: ask("alice", REMOTE_ADDR=f"192.0.2.{at}").status_code, range(12))
    messages = mailbox.sent()
    assert 1 <= len(messages) <= limits.RESETS_OF_ACCOUNT.most
    assert MailLink.objects.count() == 1
    assert Client().get(mailbox.link("alice@example.com")).status_code == 200


# A mail is tried again, for nobody knows whether it went out


def again() -> None:
    Mail.objects.filter(purpose="reset_password").update(ended_at=None, sent_at=None, due_at=F("created_at"))


def test_forgotten_password_that_is_sent_twice_counts_once_and_its_last_link_works(
    alice: Any, mailbox: Mailbox, link: str
) -> None:
    again()
    newer = mailbox.link("alice@example.com")
    assert (newer != link, Client().get(link).status_code, Client().get(newer).status_code) == (True, 410, 200)
    assert LimitCount.objects.get(what=limits.RESETS_OF_ACCOUNT.what).count == 1


@pytest.mark.parametrize("end", [spend, change_password, deactivate_by_hand, promote])
def test_forgotten_password_is_not_sent_again_once_its_link_has_ended(
    alice: Any, mailbox: Mailbox, link: str, end: Any
) -> None:
    end(link, alice)
    mailbox.sent()
    again()
    links = [message for message in mailbox.sent() if "/password/reset/" in message.body]
    assert len(links) == 1


def test_forgotten_password_is_not_sent_again_once_a_newer_mail_was_asked_for(
    alice: Any, mailbox: Mailbox, link: str
) -> None:
    """It would end the link of the newer one."""
    ask("alice")
    newer, sent = mailbox.link("alice@example.com"), len(mailbox.sent())
    first = Mail.objects.order_by("pk").first()
    Mail.objects.filter(pk=first.pk).update(ended_at=None, sent_at=None, due_at=F("created_at"))
    assert len(mailbox.sent()) == sent
    assert not Mail.objects.filter(ended_at=None).exists()
    assert Client().get(newer).status_code == 200
