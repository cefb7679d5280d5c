"""Send the mails that are due. The task `accounts.send_mails` and the sweeper call it; often is harmless.

Two processes at most are at it: an SMTP host that hangs takes no more workers than that. A mail is claimed, written and
sent, and the end of it recorded, each in a transaction of its own: none is open while the SMTP host is waited for.

Whoever dies, or is cut off, between the host's taking a mail and our noting it, sends it again: a person may get it twice.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.db.models.functions import Now
from django.utils import timezone

from accounts.mails.purpose import Purpose
from accounts.mails.purposes import PURPOSES
from accounts.mails.record import end, record_failure
from accounts.mails.verdict import FAILURES, Failure, failure_of, is_over
from accounts.mails.write import NotWritten, write
from accounts.models import Mail
from web.deadline import deadline
from web.locks import try_lock_one_of

log = logging.getLogger(__name__)
Problem = Mail.Problem

# The lock of those who are at it: in the range of numbers that whoever sweeps frees of processes that hang.
SENDING = 0x6F0D
MOST_AT_ONCE = 2
# One mail is on its way for no longer, all of its connection counted.
TOTAL_S = 30.0
# What was claimed is nobody else's for so long: after that its sender has died.
CLAIMED_FOR_S = TOTAL_S + 30.0
# A run goes on for so long, and then leaves the rest to another bell.
WORKS_FOR_S = 20.0
# A bell takes a moment, and the clock rings every 5 s; then bells are of no use.
NEGLECTED_S = 15.0


def signs() -> Iterator[Any]:
    """A query that finds something where `is_neglected` does."""
    yield Mail.objects.due(NEGLECTED_S)


def is_neglected(since_seconds: float = NEGLECTED_S) -> bool:
    """Whether something is due that nobody has seen to for so long."""
    return bool(Mail.objects.due(since_seconds).exists())


def send_due() -> None:
    """Where as many as may are at it, they see to it."""
    with try_lock_one_of([(SENDING, number) for number in range(MOST_AT_ONCE)]) as is_ours:
        if is_ours:
            Run().work()


class Run:
    """Mail after mail by one connection, until nothing is due, or the SMTP host turns out to be in trouble."""

    def __init__(self) -> None:
        self.way_out: BaseEmailBackend = get_connection()
        self.until = time.monotonic() + WORKS_FOR_S

    def work(self) -> None:
        try:
            while time.monotonic() < self.until and (mail := Mail.objects.claim(CLAIMED_FOR_S)):
                failure = self.see_to(mail)
                if failure and failure.is_hosts:
                    return
        finally:
            self.hang_up()

    def see_to(self, mail: Mail) -> Failure | None:
        """Whatever comes of it is recorded. A database that fails is the caller's."""
        purpose = PURPOSES.get(mail.purpose)
        failure: Failure | None
        if purpose is None:
            # Of a newer release, whose workers know it.
            failure = Failure(Problem.BROKEN)
        elif is_over(mail.created_at, purpose.lifetime, timezone.now()):
            failure = Failure(mail.problem or Problem.TOO_LATE, is_final=True)
        else:
            failure = self.try_once(mail, purpose)
        if failure:
            record_failure(mail, purpose, failure)
        return failure

    def try_once(self, mail: Mail, purpose: Purpose) -> Failure | None:
        try:
            message = write(mail, purpose)
        except NotWritten:
            return Failure(Problem.BROKEN)
        if message is None:
            end(mail)
            return None
        failure = self.send(message)
        if failure is None:
            end(mail, sent_at=Now())
        return failure

    def send(self, message: EmailMessage) -> Failure | None:
        with deadline(TOTAL_S) as limit:
            try:
                refuse_no_address(message)
                self.way_out.open()
                self.way_out.send_messages([message])
            except FAILURES as error:
                failure = failure_of(error, is_late=limit.is_over)
                log.warning("a mail was not sent: %s", failure.problem)
                self.hang_up()
                return failure
        return None

    def hang_up(self) -> None:
        """What failed before is in no state to go on. A host that is gone needs no goodbye."""
        with deadline(TOTAL_S), suppress(*FAILURES):
            self.way_out.close()


def refuse_no_address(message: EmailMessage) -> None:
    """What nobody has at all is neither sent nor refused by Django. Raises ValueError."""
    try:
        for address in message.to:
            validate_email(address)
    except ValidationError as error:
        raise ValueError(f"{address!r}") from error
