"""Many may send at once, and each mail is sent once; a host that hangs holds up two of them."""

import contextlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.mails import send_due
from accounts.mails.send import CLAIMED_FOR_S, SENDING, end
from accounts.models import Mail
from tests.accounts.conftest import at_once
from tests.accounts.mails.conftest import NOTHING, SENT, WAITS, sent_again, state
from tests.accounts.mails.smtp_host import SmtpHost
from tests.simulated import wait_for
from web.locks import try_lock


@pytest.mark.django_db(transaction=True)
def test_send_due_of_many_at_once_sends_each_mail_once(alice: Any, smtp: SmtpHost, ask: Any) -> None:
    asked = [ask(alice) for _ in range(12)]
    at_once(lambda _: send_due(), range(6))
    send_due()
    assert len(smtp.taken) == 12
    assert {state(mail) for mail in asked} == {(SENT, "", 1)}


@contextlib.contextmanager
def waiting_at(smtp: SmtpHost, command: str, senders: int) -> Iterator[None]:
    """So many senders wait for the host's answer to this command, until the block ends: then they get it."""
    smtp.hangs_at = command
    threads = [threading.Thread(target=lambda: (send_due(), connection.close())) for _ in range(senders)]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: smtp.hanging == senders, what="senders at the SMTP host")
        yield
    finally:
        smtp.hangs_at = ""
        for thread in threads:
            thread.join()


@pytest.mark.django_db(transaction=True)
def test_send_due_keeps_no_more_than_two_processes_at_a_host_that_hangs(
    alice: Any, smtp: SmtpHost, ask: Any, settings: Any
) -> None:
    settings.EMAIL_TIMEOUT = 60
    asked = [ask(alice) for _ in range(4)]
    with waiting_at(smtp, "EHLO", senders=2):
        send_due()
        assert sorted(state(mail)[2] for mail in asked) == [0, 0, 1, 1]
    send_due()
    assert {state(mail) for mail in asked} == {(SENT, "", 1)}


@pytest.mark.django_db(transaction=True)
def test_send_due_holds_no_transaction_while_it_waits(alice: Any, smtp: SmtpHost, ask: Any, settings: Any) -> None:
    settings.EMAIL_TIMEOUT = 60
    asked = ask(alice)
    with waiting_at(smtp, "DATA", senders=1), connection.cursor() as cursor:
        cursor.execute("SELECT state FROM pg_stat_activity WHERE datname = current_database()")
        assert "idle in transaction" not in {row[0] for row in cursor.fetchall()}
    assert state(asked) == (SENT, "", 1)


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
