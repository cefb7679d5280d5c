"""What has become of a mail is written into its row, by whoever has claimed it last. For `send`."""

import logging
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from accounts.mails.purpose import Purpose
from accounts.mails.verdict import Failure, is_over, pause_s
from accounts.models import Mail
from accounts.models.mail import MailQuerySet

log = logging.getLogger(__name__)


def end(mail: Mail, **columns: object) -> None:
    mine(mail).update(ended_at=Now(), problem="", **columns)


def record_failure(mail: Mail, purpose: Purpose | None, failure: Failure) -> None:
    lifetime = purpose.lifetime if purpose else Purpose.lifetime
    pause = timedelta(seconds=pause_s(mail.tries))
    if failure.is_final or is_over(mail.created_at, lifetime, timezone.now() + pause):
        mine(mail).update(ended_at=Now(), problem=failure.problem)
        log.error("mail %s, %s, is given up: %s", mail.pk, mail.purpose, failure.problem)
    else:
        mine(mail).update(due_at=Now() + pause, problem=failure.problem)


def mine(mail: Mail) -> MailQuerySet:
    """The row, while our claim is the last one: whoever was declared dead has no say."""
    return Mail.objects.waiting().filter(pk=mail.pk, tries=mail.tries)
