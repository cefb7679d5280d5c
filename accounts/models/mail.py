"""A mail that is to be sent, and how far that is. accounts.mails writes it; staff look at it."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User
from web.errors import Sentence

LONGEST_LOGIN, LONGEST_PROBLEM = 254, 500


class MailQuerySet(models.QuerySet["Mail"]):
    def waiting(self) -> "MailQuerySet":
        return self.filter(ended_at=None)

    def due(self, since_seconds: float = 0) -> "MailQuerySet":
        """Those that are due, and have been for so long at least."""
        return self.waiting().filter(due_at__lte=Now() - timedelta(seconds=since_seconds))

    @transaction.atomic
    def claim(self, for_seconds: float) -> "Mail | None":
        """The one that is due for longest, which nobody else sees as due for so long. `tries` is the claim's number."""
        mail = self.due().select_for_update(skip_locked=True).order_by("due_at", "id").first()
        if mail is None:
            return None
        self.filter(pk=mail.pk).update(tries=F("tries") + 1, due_at=Now() + timedelta(seconds=for_seconds))
        return self.model.objects.select_related("user").get(pk=mail.pk)

    def unsent(self, *, failed_since: datetime, waiting_since: datetime) -> "MailQuerySet":
        """Those that were given up of late, and those that nobody has sent for so long."""
        failed = Q(ended_at__gte=failed_since, sent_at=None) & ~Q(problem="")
        return self.filter(failed | Q(ended_at=None, created_at__lt=waiting_since))


class Mail(models.Model):
    """`purpose` names what stands in it (accounts.mails.purposes); the text is made as it is sent, and kept by nobody.

    `user` is whom it is about; where whoever asked has typed a `login`, it is looked up as the mail is sent. `address` is
    where it goes, or empty for the user's own. `facts` are those of the request: ip, browser, system, language.
    """

    class Problem(models.TextChoices):
        """What keeps a mail from being sent. `problem` has the word, and behind a colon what the other side said."""

        UNREACHABLE = "unreachable", _("the SMTP host does not answer")
        TIMED_OUT = "timed_out", _("the SMTP host took too long")
        TLS = "tls", _("no connection by TLS to the SMTP host")
        LOGIN = "login", _("the SMTP host takes neither our name nor our password")
        DEFERRED = "deferred", _("the SMTP host puts it off")
        SENDER = "sender", _("the SMTP host takes nothing from this sender")
        REFUSED = "refused", _("the SMTP host refuses it")
        ADDRESS = "address", _("this is no address")
        BROKEN = "broken", _("it could not be written")
        TOO_LATE = "too_late", _("it was not sent in time")

    purpose = models.CharField(_("purpose"), max_length=40)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="mails", verbose_name=_("user"))
    login = models.CharField(_("login"), max_length=LONGEST_LOGIN, default="", db_default="")
    address = models.CharField(_("address"), max_length=254, default="", db_default="")
    facts = models.JSONField(default=dict, db_default={})
    created_at = models.DateTimeField(_("asked for"), db_default=Now())
    due_at = models.DateTimeField(_("next try"), db_default=Now())
    tries = models.IntegerField(_("tries"), default=0, db_default=0)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    problem = models.CharField(_("problem"), max_length=LONGEST_PROBLEM, default="", db_default="")

    objects: ClassVar[Any] = MailQuerySet.as_manager()

    class Meta:
        db_table = "mails"
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(ended_at=None), name="mails_waiting_by_time"),
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="mails_ended_by_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(ended_at__isnull=False), name="a_mail_that_was_sent_has_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} #{self.pk}"

    @property
    def standing(self) -> Sentence:
        """How far it is, in words."""
        if self.sent_at:
            return _("was sent")
        if self.ended_at is None:
            return _("waits to be sent")
        return _("was not sent") if self.problem else _("nothing was to be sent")

    @property
    def problem_in_words(self) -> str:
        word, _colon, detail = self.problem.partition(": ")
        sentence = str(dict(Mail.Problem.choices).get(word, word))
        return f"{sentence}: {detail}" if detail else sentence
