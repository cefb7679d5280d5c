"""Mails that wait are sent by a real SMTP host, once; and what becomes of those that it refuses."""

from pathlib import Path
from typing import Any

import pytest
from django.core import mail as outbox_of

from accounts.mails import send_due
from accounts.tasks import send_mails
from launcher.certificate import certificate
from tests.accounts.mails.conftest import FAILED, SENT, WAITS, connect, sent_again, state
from tests.accounts.mails.smtp_host import SmtpHost, running

# The host of the tests takes a connection that is TLS from its beginning for one in the clear.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


# Well


def test_send_due_sends_by_starttls_with_a_login(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    asked = ask(alice)
    send_mails()
    assert state(asked) == (SENT, "", 1)
    [got] = smtp.taken
    assert smtp.senders == [("no-reply@example.com", "alice@example.com")]
    assert smtp.logins == [(b"panel", True)]
    assert smtp.names[-1] == "localhost"
    assert (got["To"], got["From"]) == ("alice@example.com", '"ospab.host" <no-reply@example.com>')


def test_send_due_sends_by_tls(
    alice: Any, ask: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = SmtpHost()
    asked = ask(alice)
    with running(host, tmp_path, "tls") as port:
        connect(settings, port, "tls")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path)[0]))
        send_due()
    assert state(asked) == (SENT, "", 1)
    assert len(host.taken) == 1


def test_send_due_sends_in_the_clear_to_this_machine(alice: Any, ask: Any, settings: Any, tmp_path: Path) -> None:
    host = SmtpHost()
    asked = ask(alice)
    with running(host, tmp_path, "none") as port:
        connect(settings, port, "none")
        send_due()
    assert state(asked) == (SENT, "", 1)
    assert host.logins == []


def test_send_due_sends_many_by_one_connection(alice: Any, bob: Any, smtp: SmtpHost, ask: Any) -> None:
    for user in (alice, bob, alice):
        ask(user)
    send_due()
    assert len(smtp.taken) == 3
    assert len(smtp.logins) == 1


def test_send_due_names_a_russian_host_as_smtp_does(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    alice.email = "alice@почта.рф"
    alice.save()
    asked = ask(alice)
    send_due()
    assert state(asked) == (SENT, "", 1)
    assert smtp.senders == [("no-reply@example.com", "alice@xn--80a1acny.xn--p1ai")]


def test_send_due_sends_nothing_twice(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    ask(alice)
    for _ in range(3):
        sent_again()
    assert len(smtp.taken) == 1


# TLS that is none


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_send_due_trusts_no_certificate_that_nobody_vouches_for(
    alice: Any, ask: Any, settings: Any, tmp_path: Path, security: str
) -> None:
    host = SmtpHost()
    asked = ask(alice)
    with running(host, tmp_path, security) as port:
        connect(settings, port, security)
        send_due()
    assert state(asked) == (WAITS, "tls", 1)
    assert (host.logins, host.taken) == ([], [])


def test_send_due_says_no_password_where_starttls_is_not_offered(
    alice: Any, ask: Any, settings: Any, tmp_path: Path
) -> None:
    host = SmtpHost()
    asked = ask(alice)
    with running(host, tmp_path, "none") as port:
        connect(settings, port, "starttls")
        send_due()
    assert state(asked) == (WAITS, "tls", 1)
    assert (host.logins, host.taken) == ([], [])


# Refusals


def test_send_due_gives_up_a_mail_whose_recipient_is_refused(alice: Any, bob: Any, smtp: SmtpHost, ask: Any) -> None:
    smtp.to_recipient["alice"] = "550 5.1.1 No such mailbox"
    hers, his = ask(alice), ask(bob)
    send_due()
    assert state(hers) == (FAILED, "refused", 1)
    assert hers.problem == "refused: 550 5.1.1 No such mailbox"
    assert state(his) == (SENT, "", 1)


def test_send_due_gives_up_a_mail_that_is_refused_itself(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    smtp.to_mail["password"] = "554 5.7.1 Looks like spam"
    asked = ask(alice)
    send_due()
    assert state(asked) == (FAILED, "refused", 1)


def test_send_due_tries_again_what_is_refused_for_now(alice: Any, bob: Any, smtp: SmtpHost, ask: Any) -> None:
    smtp.to_recipient["alice"] = "450 4.2.1 Greylisted"
    hers, his = ask(alice), ask(bob)
    send_due()
    assert (state(hers), state(his)) == ((WAITS, "deferred", 1), (SENT, "", 1))
    smtp.to_recipient.clear()
    send_due()
    assert state(hers) == (WAITS, "deferred", 1)
    sent_again()
    assert state(hers) == (SENT, "", 2)


def test_send_due_waits_for_a_password_that_is_right(
    alice: Any, bob: Any, smtp: SmtpHost, ask: Any, settings: Any
) -> None:
    """Nothing is wrong with the mails: whoever mends the settings in time loses none."""
    hers, his = ask(alice), ask(bob)
    connect(settings, settings.EMAIL_PORT, password="another")
    send_due()
    assert (state(hers), state(his)) == ((WAITS, "login", 1), (WAITS, "", 0))
    assert set(smtp.logins) == {(b"panel", False)}
    connect(settings, settings.EMAIL_PORT)
    sent_again()
    assert (state(hers), state(his)) == ((SENT, "", 2), (SENT, "", 1))


def test_send_due_waits_for_a_sender_that_is_taken(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    smtp.to_recipient["from no-reply"] = "550 5.7.1 Not yours"
    asked = ask(alice)
    send_due()
    assert state(asked) == (WAITS, "sender", 1)


def test_send_due_says_nothing_where_all_is_well(alice: Any, ask: Any, caplog: pytest.LogCaptureFixture) -> None:
    ask(alice)
    send_due()
    assert len(outbox_of.outbox) == 1
    assert caplog.records == []
