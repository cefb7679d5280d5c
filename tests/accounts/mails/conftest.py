"""Mails that are on, for the tests beside it: by an SMTP host of theirs, or into Django's own outbox."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.test import RequestFactory
from django.utils import translation

from accounts.mails import enqueue, send_due
from accounts.mails.purpose import Purpose, Written
from accounts.mails.purposes import PURPOSES
from accounts.models import Mail
from launcher.certificate import certificate
from tests.accounts.mails.smtp_host import PASSWORD, USER, SmtpHost, running

CHROME = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
)


@pytest.fixture
def mails_are_on(db: None, settings: Any) -> None:
    """Where pytest-django has put the outbox."""
    settings.MAILS_ARE_ON = True
    settings.MAIL_FROM = '"ospab.host" <no-reply@example.com>'
    settings.SUPPORT_EMAIL = "support@example.com"


def request(**headers: str) -> Any:
    return RequestFactory(REMOTE_ADDR="203.0.113.7").get("/", headers={"user-agent": CHROME} | headers)


@pytest.fixture
def ask(mails_are_on: None) -> Callable[..., Mail]:
    """Have this user written to that the password was changed."""

    def enqueue_one(user: Any, purpose: str = "password_changed", language: str = "en", **more: Any) -> Mail:
        with translation.override(language):
            enqueue(purpose, request=request(), user=user, **more)
        newest: Mail = Mail.objects.latest("id")
        return newest

    return enqueue_one


@pytest.fixture
def smtp(mails_are_on: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpHost]:
    """By STARTTLS, with a certificate that is trusted."""
    host = SmtpHost()
    with running(host, tmp_path) as port:
        connect(settings, port)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path)[0]))
        yield host


def connect(settings: Any, port: int, security: str = "starttls", password: str = PASSWORD) -> None:
    settings.EMAIL_BACKEND = "accounts.mails.smtp.Backend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = security == "starttls", security == "tls"
    has_login = security != "none"
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = (USER, password) if has_login else ("", "")


def sent_again(after: timedelta = timedelta(hours=2)) -> None:
    """As if so much time had passed: what waits is due."""
    Mail.objects.waiting().update(due_at=F("due_at") - after)
    send_due()


def age(mail: Mail, by: timedelta) -> None:
    Mail.objects.filter(pk=mail.pk).update(created_at=F("created_at") - by)


@pytest.fixture
def add_purpose(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """One that is there for this test alone."""

    def add(purpose: Any) -> None:
        monkeypatch.setitem(PURPOSES, purpose.name, purpose)

    return add


SENT, WAITS, FAILED, NOTHING = "was sent", "waits to be sent", "was not sent", "nothing was to be sent"


def state(mail: Mail) -> tuple[str, str, int]:
    """(how far it is, the problem's word, tries)."""
    mail.refresh_from_db()
    with translation.override("en"):
        return str(mail.standing), mail.problem.partition(":")[0], mail.tries


class Notice(Purpose):
    name = "notice"
    subject = title = intro = advice = "A notice"

    def write(self, mail: Mail) -> Written | None:
        return Written("alice@example.com", {"login": "alice"})
