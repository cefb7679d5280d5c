"""What stands in a mail, in both languages: subject, headers, HTML and text."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.core import mail as outbox_of
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.mails import moments, send_due
from accounts.mails.purpose import Purpose, Written
from accounts.mails.purposes import PURPOSES
from accounts.models import Mail

LINK = "https://panel.example.com/password/reset/" + "c8x2k17f3a19c2e80b" * 4 + "/"
UNTIL = datetime(2026, 11, 26, 12, 32, tzinfo=UTC)


class WithLink(Purpose):
    name = "with_link"
    # Mails of a fixed day are read here, however long ago that was.
    lifetime = timedelta(days=9999)
    subject = title = _("Change the password")
    intro = "A new password was requested for the login %(login)s."
    lead = "To set a new password, open:"
    button = _("Change the password")
    advice = "The password has not changed, and there is nothing you need to do."

    def write(self, mail: Mail) -> Written | None:
        return Written("alice@example.com", {"login": mail.login, "url": LINK, "until": UNTIL})


@pytest.fixture
def sent(ask: Any, add_purpose: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., EmailMessage]:
    """A mail as it went out, read by somebody else's parser."""
    add_purpose(WithLink())

    def send(user: Any, purpose: str = "with_link", language: str = "en", **more: Any) -> EmailMessage:
        asked = ask(user, purpose, language, **more)
        Mail.objects.filter(pk=asked.pk).update(created_at=UNTIL - timedelta(hours=1))
        monkeypatch.setattr(PURPOSES[purpose], "lifetime", timedelta(days=9999))
        send_due()
        got: EmailMessage = message_from_bytes(  # type: ignore[assignment]
            outbox_of.outbox[-1].message().as_bytes(), policy=policy.default
        )
        return got

    return send


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found
    return str(found.get_content())


def words(html: str) -> str:
    """As somebody reads it."""
    return " ".join(re.sub(r"<[^>]*>", " ", html.partition("<body")[2]).split())


def test_mail_has_the_headers_of_one_that_nobody_has_written(sent: Any) -> None:
    mail = sent(None, login="alice")
    assert mail["From"] == '"ospab.host" <no-reply@example.com>'
    assert (mail["To"], mail["Reply-To"]) == ("alice@example.com", "support@example.com")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<with_link\.\d+\.1\.\d+@localhost>", mail["Message-ID"])
    assert mail["Date"]
    assert mail.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]


def test_mail_names_no_support_that_is_not_there(sent: Any, settings: Any) -> None:
    settings.SUPPORT_EMAIL = ""
    mail = sent(None, login="alice")
    assert mail["Reply-To"] is None
    assert "write to" not in part(mail, "plain") + part(mail, "html")


def test_mail_in_english_says_what_when_where_from_and_what_else(sent: Any) -> None:
    mail = sent(None, login="alice")
    assert part(mail, "plain") == TEXT
    html = words(part(mail, "html"))
    for sentence in (
        "A new password was requested for the login alice .",
        "The link works once, until 12:32 (UTC).",
        f"Open in your browser: {LINK}",
        "Not you? The password has not changed, and there is nothing you need to do.",
        "It was requested from the address 203.0.113.7, Chrome on macOS, on 26 November at 11:32 (UTC).",
        "If such mails keep coming, write to support@example.com.",
        "A service mail: you cannot unsubscribe from it.",
    ):
        assert sentence in html


TEXT = f"""\
Hello.

A new password was requested for the login alice.

To set a new password, open:

{LINK}

The link works once, until 12:32 (UTC).

Not you? The password has not changed, and there is nothing you need to
do. It was requested from the address 203.0.113.7, Chrome on macOS, on
26 November at 11:32 (UTC). If such mails keep coming, write to
support@example.com.

--\N{SPACE}
ospab.host
A service mail: you cannot unsubscribe from it.
"""


def test_mail_in_russian_says_the_same(alice: Any, sent: Any, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Moscow"
    mail = sent(alice, "password_changed", language="ru")
    assert mail["Subject"].strip() == "Пароль на ospab.host изменён"
    assert '<html lang="ru">' in part(mail, "html")
    for text in (part(mail, "plain").replace("\n", " "), words(part(mail, "html"))):
        assert re.search(
            "Пароль для логина alice изменён. Все остальные сеансы завершены.", text.replace("alice  ", "alice ")
        )
        assert "с адреса 203.0.113.7, Chrome на macOS, 26 ноября в 14:32 по Москве." in text
        assert "Это были не вы?" in text
        assert "Служебное письмо, от него нельзя отписаться." in text


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("purpose", sorted(PURPOSES))
def test_every_mail_has_its_words_in_both_languages(purpose: str, language: str) -> None:
    sentences = ("subject", "title", "intro", "lead", "button", "once", "not_you", "advice", "asked", "repeats")
    with translation.override(language):
        shown = {name: str(getattr(PURPOSES[purpose], name)) for name in sentences}
    assert all(shown[name] for name in ("subject", "title", "intro", "advice"))
    assert bool(shown["lead"]) == bool(shown["button"])
    is_russian = [bool(re.search("[а-яё]", sentence)) for sentence in shown.values() if sentence]
    assert is_russian == [language == "ru"] * len(is_russian)


def test_every_purpose_is_named_as_its_file() -> None:
    assert {name: type(purpose).__module__.rpartition(".")[2] for name, purpose in PURPOSES.items()} == {
        name: name for name in PURPOSES
    }


@pytest.mark.parametrize("language", ["en", "ru"])
def test_mail_has_lines_of_72_characters_at_most_and_the_address_on_a_line_of_its_own(sent: Any, language: str) -> None:
    lines = part(sent(None, login="anna.petrova", language=language), "plain").splitlines()
    assert LINK in lines
    assert max(len(line) for line in lines if line != LINK) <= 72


@pytest.mark.parametrize("login", ["<b>bob</b>", '"><script>alert(1)</script>', "%(url)s %s %", "{{ url }}", "a&b"])
def test_mail_shows_a_login_with_markup_as_it_was_typed(sent: Any, login: str) -> None:
    mail = sent(None, login=login)
    html = part(mail, "html")
    escaped = login.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    assert f"<strong>{escaped}</strong>" in html
    assert "<script" not in html
    assert login in part(mail, "plain").replace("\n", " ")


@pytest.mark.parametrize(
    "login", ["eve\r\nBcc: bob@example.com", "eve\nSubject: x", "e\u2028ve", "\N{RIGHT-TO-LEFT OVERRIDE}eve"]
)
def test_mail_has_no_header_that_a_login_has_written(sent: Any, login: str) -> None:
    mail = sent(None, login=login)
    assert (mail["To"], mail["Bcc"]) == ("alice@example.com", None)
    assert mail.get_all("Subject") == ["Change the password"]
    assert list(outbox_of.outbox[-1].recipients()) == ["alice@example.com"]


def test_mail_brings_nothing_from_elsewhere_and_nothing_that_runs(sent: Any) -> None:
    html = part(sent(None, login="alice"), "html")
    assert not re.search(r"<img|<script|<link|src=|url\(|@import|\son[a-z]+=", html)
    assert html.count("<style") == 1, "the one of dark screens"
    assert re.findall(r'href="([^"]*)"', html) == [LINK, LINK]


def test_mail_is_readable_on_a_dark_screen_and_where_there_is_no_such_thing(sent: Any) -> None:
    """Each element has its light colours itself, and by a class the dark ones: of WCAG AA, each on what lies under it."""
    html = part(sent(None, login="alice"), "html")
    rules = dict(re.findall(r"\.(\w+) \{ ([^}]+) \}", html.partition("prefers-color-scheme: dark")[2]))
    dark = {name: dict(re.findall(r"([\w-]+): (#\w{6})", rule)) for name, rule in rules.items()}
    page, card = dark["page"]["background-color"], dark["card"]["background-color"]
    pairs = [(dark[name]["color"], under) for name in ("page", "soft", "link") for under in (page, card)]
    assert min(contrast(*pair) for pair in (*pairs, ("#ffffff", dark["button"]["background-color"]))) >= 4.5
    for attributes in re.findall(r"<[^>]*\bclass=[^>]*", html):
        assert re.search(r'style="[^"]*color', attributes), attributes
    used = {name for names in re.findall(r'class="([^"]+)"', html) for name in names.split()}
    assert used == set(rules)


def contrast(one: str, other: str) -> float:
    """As WCAG 2 counts it."""
    light, dark = sorted(map(luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_mail_with_a_link_has_another_id_at_each_try(sent: Any) -> None:
    """The link of the try before is dead: no program may take the second mail for a copy of the first."""
    first = sent(None, login="alice")["Message-ID"]
    Mail.objects.update(sent_at=None, ended_at=None, due_at=UNTIL)
    send_due()
    assert outbox_of.outbox[-1].message()["Message-ID"] != first


def test_mail_leaves_out_what_is_not_known(sent: Any, ask: Any) -> None:
    asked = ask(None, "with_link", login="alice")
    Mail.objects.filter(pk=asked.pk).update(facts={}, created_at=UNTIL)
    send_due()
    text = outbox_of.outbox[-1].body.replace("\n", " ")
    assert "Запросили 26 ноября в 12:32 (UTC)." in text


@pytest.mark.parametrize(
    ("zone", "language", "shown"),
    [
        ("Europe/Moscow", "ru", "15:32 по Москве"),
        ("Europe/Moscow", "en", "15:32 Moscow time"),
        ("UTC", "ru", "12:32 (UTC)"),
        ("Asia/Yekaterinburg", "ru", "17:32 (UTC+5)"),
        ("America/St_Johns", "en", "09:02 (UTC-3:30)"),
        ("Asia/Kolkata", "en", "18:02 (UTC+5:30)"),
        ("Europe/Berlin", "en", "13:32 (UTC+1)"),
    ],
)
def test_time_of_day_names_its_zone(settings: Any, zone: str, language: str, shown: str) -> None:
    settings.TIME_ZONE = zone
    with translation.override(language):
        assert moments.time_of_day(UNTIL) == shown


def test_time_of_day_names_the_zone_of_that_day(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    with translation.override("en"):
        assert moments.day_and_time(datetime(2026, 7, 1, 12, tzinfo=UTC)) == "on 1 July at 14:00 (UTC+2)"
