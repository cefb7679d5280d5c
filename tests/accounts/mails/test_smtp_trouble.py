"""Mails outlive an SMTP host that is gone, hangs, drips or breaks off, and are tried again for their time."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from accounts.mails import send_due
from accounts.models import Mail
from launcher.certificate import certificate
from launcher.secrets_file import free_port
from tests.accounts.mails.conftest import FAILED, SENT, WAITS, Notice, age, connect, sent_again, state
from tests.accounts.mails.smtp_host import SmtpHost, running
from tests.seams import Shorten

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
    assert time.monotonic() - began < 60
    assert state(asked) == (WAITS, "timed_out", 1)


def test_send_due_cuts_off_a_host_that_drips(alice: Any, ask: Any, settings: Any, shorten: Shorten) -> None:
    """Each byte comes in time, and the answer never."""
    shorten(mail_s=1.0)
    with dripping() as port:
        connect(settings, port)
        asked = ask(alice)
        began = time.monotonic()
        send_due()
    assert time.monotonic() - began < 60
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
    """A host that says hello for as long as anybody would listen, a letter every tenth of a second. Gives its port."""
    is_over, until = threading.Event(), time.monotonic() + 30
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            caller, _address = listening.accept()
            with caller, contextlib.suppress(OSError):
                caller.sendall(b"220-")
                while not is_over.wait(0.1) and time.monotonic() < until:
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
    assert pauses[:6] == pytest.approx([10, 30, 60, 300, 900, 3600], abs=8)
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
