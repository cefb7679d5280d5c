"""One try to deliver, and what came of it: for staff alone. Written by services.webhooks."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from vps.models.webhook_delivery import WebhookDelivery
from vps.models.webhook_endpoint import CANNOT_SIGN

ANSWER_KEPT = 1024


class WebhookAttempt(models.Model):
    """`status` is None where no answer came, and `error` then says why not; `answer` is the beginning of its text."""

    class Error(models.TextChoices):
        ADDRESS = "address", _("an address that nothing is sent to")
        NAME = "name", _("its name was not found")
        CONNECTION = "connection", _("it could not be connected to")
        TLS = "tls", _("its certificate was not accepted")
        TIMED_OUT = "timed_out", _("it did not answer in time")
        BROKEN = "broken", _("its answer broke off, or was none")

    delivery = models.ForeignKey(
        WebhookDelivery, models.CASCADE, related_name="attempts", verbose_name=_("webhook delivery")
    )
    at = models.DateTimeField(_("when"), db_default=Now())
    status = models.IntegerField(_("HTTP status"), null=True)
    error = models.CharField(_("failure"), max_length=10, choices=Error.choices, default="", db_default="", blank=True)
    took_ms = models.IntegerField(_("took, ms"))
    answer = models.CharField(
        _("beginning of the answer"), max_length=ANSWER_KEPT, default="", db_default="", blank=True
    )

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        db_table = "webhook_attempts"
        verbose_name = _("webhook attempt")
        verbose_name_plural = _("webhook attempts")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__isnull=False, error="") | (models.Q(status=None) & ~models.Q(error="")),
                name="an_attempt_has_an_answer_or_an_error",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status or self.get_error_display()}"


def in_words(failure: str) -> str:
    """For people, what `WebhookEndpoint.failure` has as "HTTP 500", a word of Error, or CANNOT_SIGN."""
    words = dict(WebhookAttempt.Error.choices) | {
        CANNOT_SIGN: _("its secret cannot be decrypted with any of FIELD_KEYS, so nothing is signed and nothing sent")
    }
    return str(words.get(failure, failure))
