"""What becomes of a mail that was not sent, by what went wrong: pure functions, and the schedule of tries. For `send`."""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Mail
from accounts.models.mail import LONGEST_PROBLEM

Problem = Mail.Problem
# In seconds, after the first try, the second, and so on; the last one goes on.
PAUSES_S = (10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
# What may go wrong on the way out.
FAILURES = (smtplib.SMTPException, OSError, ValueError)


@dataclass(frozen=True)
class Failure:
    """`is_final`: it was this mail that was refused, and will be again. What is wrong with the SMTP host may be mended.

    `is_hosts`: the next mail would fare no better now.
    """

    problem: str
    is_final: bool = False
    is_hosts: bool = False


def pause_s(tries: int) -> float:
    """After so many of them."""
    return PAUSES_S[min(tries, len(PAUSES_S)) - 1]


def is_over(created_at: datetime, lifetime: timedelta, at: datetime) -> bool:
    return at >= created_at + lifetime


def failure_of(error: Exception, *, is_late: bool) -> Failure:
    """`is_late`: the call was cut off, whatever it has failed with."""
    if is_late or isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return Failure(Problem.TIMED_OUT, is_hosts=True)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return of_answer(code, text)
    if isinstance(error, smtplib.SMTPDataError):
        return of_answer(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPResponseException):
        return Failure(worded(kind_of(error), answer(error.smtp_code, error.smtp_error)), is_hosts=True)
    if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
        return Failure(worded(Problem.TLS, str(error)), is_hosts=True)
    if isinstance(error, OSError):
        return Failure(worded(Problem.UNREACHABLE, str(error)), is_hosts=True)
    return Failure(worded(Problem.ADDRESS, str(error)), is_final=True)


def of_answer(code: int, text: bytes | str) -> Failure:
    """To the recipient, or to the mail itself."""
    is_final = code >= 500
    return Failure(worded(Problem.REFUSED if is_final else Problem.DEFERRED, answer(code, text)), is_final=is_final)


def kind_of(error: smtplib.SMTPResponseException) -> Problem:
    """Of what was answered before there was any talk of the recipient."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Problem.LOGIN
    return Problem.SENDER if isinstance(error, smtplib.SMTPSenderRefused) else Problem.DEFERRED


def answer(code: int, text: bytes | str) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(shown.split())}"


def worded(problem: Problem, detail: str) -> str:
    return f"{problem.value}: {detail}".replace("\0", "\ufffd")[:LONGEST_PROBLEM]
