"""Trouble with mails: those that were not sent. The table of kinds has it."""

from datetime import timedelta

from django.db.models import CharField, F, Func, QuerySet, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Mail
from vps.attention.kind import Kind
from web.errors import Sentence

# A backlog of a restart of the SMTP host is sent by then.
LONG_WAITING = timedelta(minutes=15)


def unsent() -> "QuerySet[Mail]":
    now = timezone.now()
    found: QuerySet[Mail] = Mail.objects.unsent(
        failed_since=now - timedelta(hours=24), waiting_since=now - LONG_WAITING
    )
    return found


def problem_of(word: str, _detail: str) -> Sentence:
    return dict(Mail.Problem.choices).get(word, word) if word else _("nobody has sent it yet")


UNSENT = Kind(
    key="unsent-mails",
    model=Mail,
    title=ngettext_lazy(
        "Mail that was not sent in the last 24 hours, or has waited for more than 15 minutes",
        "Mails that were not sent in the last 24 hours, or have waited for more than 15 minutes",
        "count",
    ),
    rows=unsent,
    since=F("created_at"),
    # What the other side said stands behind a colon, and is another of each mail.
    label=Func(F("problem"), Value(": "), 1, function="split_part", output_field=CharField()),
    wording=problem_of,
    icon="mail-x",
    is_grouped=True,
    is_bad=False,
)
