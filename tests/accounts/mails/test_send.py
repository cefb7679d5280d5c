"""Mails that wait are sent by a real SMTP host, once; and what becomes of them where it does not take them."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as outbox_of
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.utils import translation

from accounts.mails import send_due
from accounts.mails.purpose import Purpose, Written
from accounts.mails.send import CLAIMED_FOR_S, SENDING, end
from accounts.models import Mail
from accounts.tasks import send_mails
from launcher.certificate import certificate
from launcher.secrets_file import free_port
from tests.accounts.conftest import at_once
from tests.accounts.mails.conftest import age, connect, sent_again
from tests.accounts.mails.smtp_host import SmtpHost, running
from tests.seams import Shorten
from tests.simulated import wait_for
from web.locks import try_lock

# The host of the tests takes a connection that is TLS from its beginning for one in the clear.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


def state(mail: Mail) -> tuple[str, str, int]:
    """(how far it is, the problem's word, tries)."""
    mail.refresh_from_db()
    return str(mail.standing), mail.problem.partition(":")[0], mail.tries


SENT, WAITS, FAILED, NOTHING = "was sent", "waits to be sent", "was not sent", "nothing was to be sent"


@pytest.fixture(autouse=True)
def english() -> None:
    """The words of `state`."""
    translation.activate("en")


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


# A host that is gone, or hangs


def test_send_due_waits_for_a_host_that_is_gone(
    alice: Any, bob: Any, ask: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    connect(settings, port)
    hers, his = ask(alice), ask(bob)
    send_due()
    assert (state(hers), state(his)) == ((WAITS, "unreachable", 1), (WAITS, "", 0))
    host = SmtpHost()
    with running(host, tmp_path, port=port):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path)[0]))
        sent_again()
    assert (state(hers), state(his)) == ((SENT, "", 2), (SENT, "", 1))


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_send_due_waits_for_no_host_that_hangs(
    alice: Any, smtp: SmtpHost, ask: Any, settings: Any, command: str
) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    smtp.hangs_at = command
    asked = ask(alice)
    began = time.monotonic()
    send_due()
    assert time.monotonic() - began < 10
    assert state(asked) == (WAITS, "timed_out", 1)


def test_send_due_cuts_off_a_host_that_drips(alice: Any, ask: Any, settings: Any, shorten: Shorten) -> None:
    """Each byte comes in time, and the answer never."""
    shorten(mail_s=1.0)
    with dripping() as port:
        connect(settings, port)
        asked = ask(alice)
        began = time.monotonic()
        send_due()
    assert time.monotonic() - began < 20
    assert state(asked) == (WAITS, "timed_out", 1)


def test_send_due_sends_again_what_may_have_been_taken(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    """The answer to it was lost: twice is better than not at all, and the same text has the same id."""
    smtp.drops_at = "DATA"
    asked = ask(alice)
    send_due()
    assert state(asked) == (WAITS, "unreachable", 1)
    smtp.drops_at = ""
    sent_again()
    assert state(asked) == (SENT, "", 2)
    first, second = smtp.taken
    assert first["Message-ID"] == second["Message-ID"]


@contextlib.contextmanager
def dripping() -> Iterator[int]:
    """A host that says hello for ever, a letter every tenth of a second. Gives its port."""
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            caller, _address = listening.accept()
            with caller, contextlib.suppress(OSError):
                caller.sendall(b"220-")
                while not is_over.wait(0.1):
                    caller.sendall(b"h")

        host = threading.Thread(target=drip)
        host.start()
        yield listening.getsockname()[1]
        is_over.set()
        host.join()


# When it is tried again


def pause_of(mail: Mail) -> float:
    left: timedelta = Mail.objects.filter(pk=mail.pk).values_list(F("due_at") - Now(), flat=True).get()
    return left.total_seconds()


def test_send_due_tries_after_pauses_that_grow_and_for_a_day_at_most(alice: Any, ask: Any, settings: Any) -> None:
    connect(settings, free_port())
    asked = ask(alice)
    pauses = []
    while asked.ended_at is None:
        sent_again(timedelta(days=2))
        asked.refresh_from_db()
        if asked.ended_at is None:
            # By the database's clock, from the failure on.
            pauses.append(pause_of(asked))
            age(asked, timedelta(seconds=pauses[-1]))
    assert pauses[:6] == pytest.approx([10, 30, 60, 300, 900, 3600], abs=5)
    assert 23 * 3600 - 300 < sum(pauses) < 24 * 3600
    assert state(asked)[:2] == (FAILED, "unreachable")


def test_send_due_sends_nothing_whose_time_is_over(alice: Any, smtp: SmtpHost, ask: Any, add_purpose: Any) -> None:
    class Short(Notice):
        lifetime = timedelta(minutes=30)

    add_purpose(Short())
    late, soon = ask(alice, "notice"), ask(alice, "notice")
    age(late, timedelta(minutes=31))
    age(soon, timedelta(minutes=29))
    send_due()
    assert (state(late)[:2], state(soon)[:2]) == ((FAILED, "too_late"), (SENT, ""))


# What is written


class Notice(Purpose):
    name = "notice"
    subject = title = intro = advice = "A notice"

    def write(self, mail: Mail) -> Written | None:
        return Written("alice@example.com", {"login": "alice"})


def test_send_due_ends_what_has_nothing_to_be_sent(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    alice.is_active = False
    alice.save()
    asked = ask(alice)
    send_due()
    assert state(asked) == (NOTHING, "", 1)
    assert smtp.taken == []


def test_send_due_goes_on_past_a_mail_that_cannot_be_written(
    alice: Any, smtp: SmtpHost, ask: Any, add_purpose: Any
) -> None:
    class Broken(Notice):
        name = "broken"

        def write(self, mail: Mail) -> Written | None:
            alice.first_name = "written by a mail that came to nothing"
            alice.save()
            raise RuntimeError("a fault of ours")

    add_purpose(Broken())
    broken, well = ask(alice, "broken"), ask(alice)
    send_due()
    assert (state(broken), state(well)) == ((WAITS, "broken", 1), (SENT, "", 1))
    alice.refresh_from_db()
    assert alice.first_name == ""


def test_send_due_leaves_a_purpose_of_a_newer_release_to_its_workers(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    asked = ask(alice)
    Mail.objects.update(purpose="of_tomorrow")
    send_due()
    assert state(asked) == (WAITS, "broken", 1)


@pytest.mark.parametrize("address", ["", "alice", "alice@example.com\nBcc: eve@example.com", "a b@example.com"])
def test_send_due_gives_up_what_is_no_address(
    alice: Any, smtp: SmtpHost, ask: Any, add_purpose: Any, address: str
) -> None:
    class Astray(Notice):
        def write(self, mail: Mail) -> Written | None:
            return Written(address, {"login": "alice"})

    add_purpose(Astray())
    asked, well = ask(alice, "notice"), ask(alice)
    send_due()
    assert state(asked)[0] == FAILED
    assert state(well) == (SENT, "", 1)
    assert [recipients for _sender, *recipients in smtp.senders] == [["alice@example.com"]]


# Who sends


@pytest.mark.django_db(transaction=True)
def test_send_due_of_many_at_once_sends_each_mail_once(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    asked = [ask(alice) for _ in range(12)]
    at_once(lambda _: send_due(), range(6))
    send_due()
    assert len(smtp.taken) == 12
    assert {state(mail) for mail in asked} == {(SENT, "", 1)}


@pytest.mark.django_db(transaction=True)
def test_send_due_keeps_no_more_than_two_processes_at_a_host_that_hangs(
    alice: Any, smtp: SmtpHost, ask: Any, settings: Any
) -> None:
    settings.EMAIL_TIMEOUT = 2
    smtp.hangs_at = "EHLO"
    asked = [ask(alice) for _ in range(4)]
    at_once(lambda _: send_due(), range(4))
    assert sorted(state(mail)[2] for mail in asked) == [0, 0, 1, 1]


def wait_until_claimed(mail: Mail) -> None:
    wait_for(lambda: state(mail)[2] == 1, what="a claim")
    # By then it is at the SMTP host.
    time.sleep(1)


@pytest.mark.django_db(transaction=True)
def test_send_due_holds_no_transaction_while_it_waits(alice: Any, smtp: SmtpHost, ask: Any, settings: Any) -> None:
    settings.EMAIL_TIMEOUT = 3
    smtp.hangs_at = "DATA"
    asked = ask(alice)
    sender = threading.Thread(target=lambda: (send_due(), connection.close()))
    sender.start()
    wait_until_claimed(asked)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        states = {row[0] for row in cursor.fetchall()}
    sender.join()
    assert "idle in transaction" not in states
    assert state(asked) == (WAITS, "timed_out", 1)


def test_send_due_sends_what_a_sender_that_died_has_claimed(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    asked = ask(alice)
    dead = Mail.objects.claim(CLAIMED_FOR_S)
    send_due()
    assert state(asked) == (WAITS, "", 1)
    sent_again(timedelta(seconds=CLAIMED_FOR_S))
    assert state(asked) == (SENT, "", 2)
    assert dead.tries == 1


def test_end_of_a_sender_that_was_declared_dead_does_not_count(alice: Any, ask: Any) -> None:
    asked = ask(alice)
    dead = Mail.objects.claim(0)
    alive = Mail.objects.claim(CLAIMED_FOR_S)
    end(dead)
    assert state(asked) == (WAITS, "", 2)
    end(alive)
    assert state(asked) == (NOTHING, "", 2)


@pytest.mark.django_db(transaction=True)
def test_send_due_does_nothing_where_two_are_at_it(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    asked = ask(alice)
    with try_lock(SENDING, 0), try_lock(SENDING, 1):
        at_once(lambda _: send_due(), range(1))
        assert state(asked) == (WAITS, "", 0)
    at_once(lambda _: send_due(), range(1))
    assert state(asked) == (SENT, "", 1)


def test_send_due_says_nothing_where_all_is_well(alice: Any, ask: Any, caplog: pytest.LogCaptureFixture) -> None:
    ask(alice)
    send_due()
    assert len(outbox_of.outbox) == 1
    assert caplog.records == []
