"""Where webhooks go, and whether the receiver takes them. Staff keep it in the admin; services.webhooks writes it.

Its secrets are encrypted at rest. Each is shown once, as it is made.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Coalesce, Now
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _

from vps.db.encrypted import CannotDecrypt, EncryptedTextField, decrypt
from vps.models.circuit_breaker import FIRST_PAUSE, CircuitBreaker, CircuitBreakerQuerySet, pause_after

# So many deliveries that fail in a row are the endpoint's fault: from then on one at a time probes it.
UNREACHABLE_AFTER = 5
WELL = {"failures": 0, "failure": "", "failed_last": None, "unreachable_since": None, "retry_at": None}
# Longer than the tries of one delivery last: an endpoint that took nothing since is nobody's any more.
GIVEN_UP_AFTER = timedelta(hours=84)
# What `failure` says where nothing can be signed.
CANNOT_SIGN = "unsigned"
# How long the secret before goes on signing beside the new one.
OVERLAP = timedelta(hours=24)


class WebhookEndpointQuerySet(CircuitBreakerQuerySet):
    def active(self) -> "WebhookEndpointQuerySet":
        return self.filter(is_active=True)

    def open_now(self) -> "WebhookEndpointQuerySet":
        """Those that may be sent to now: not disabled, and not unreachable, but for one probe when a pause is over."""
        return self.active().filter(models.Q(failures__lt=UNREACHABLE_AFTER) | models.Q(retry_at__lte=Now()))

    def unreachable(self) -> "WebhookEndpointQuerySet":
        return self.filter(failures__gte=UNREACHABLE_AFTER)

    def disabled(self) -> "WebhookEndpointQuerySet":
        return self.filter(is_active=False)

    def unreadable(self) -> "WebhookEndpointQuerySet":
        return self.filter(failure=CANNOT_SIGN)


class WebhookEndpoint(CircuitBreaker):
    """`cursor` is the last position of the feed of which deliveries were made. `types` that is empty means all."""

    class Why(models.TextChoices):
        GONE = "gone", _("it answered 410 Gone")
        UNREACHABLE = "silent", _("it took nothing for three and a half days")
        STAFF = "staff", _("by staff")

    id = models.AutoField(primary_key=True)
    name = models.CharField(_("name"), max_length=63, unique=True)
    url = models.CharField(_("address"), max_length=2000)
    types = ArrayField(models.CharField(max_length=40), verbose_name=_("events"), default=list, blank=True)
    secret = EncryptedTextField(_("secret"), editable=False)
    secret_shown_at = models.DateTimeField(_("secret shown"), null=True, editable=False)
    previous_secret = EncryptedTextField(_("secret before"), default="", db_default="", blank=True, editable=False)
    previous_until = models.DateTimeField(_("secret before holds until"), null=True, editable=False)

    is_active = models.BooleanField(_("in use"), default=True, db_default=True, editable=False)
    disabled_why = models.CharField(
        _("why disabled"), max_length=10, choices=Why.choices, default="", db_default="", blank=True, editable=False
    )
    disabled_at = models.DateTimeField(_("disabled"), null=True, editable=False)

    cursor = models.BigIntegerField(_("taken up to event"), editable=False)
    succeeded_at = models.DateTimeField(_("last success"), null=True, editable=False)
    failed_last = models.BigIntegerField(null=True, editable=False)
    failed_at = models.DateTimeField(_("last failure"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects: ClassVar[Any] = WebhookEndpointQuerySet.as_manager()

    class Meta:
        db_table = "webhook_endpoints"
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_active=True, disabled_at=None, disabled_why="")
                | models.Q(is_active=False, disabled_at__isnull=False, disabled_why__in=["gone", "silent", "staff"]),
                name="a_disabled_endpoint_says_when_and_why",
            ),
            models.CheckConstraint(
                condition=models.Q(previous_secret="", previous_until=None)
                | (~models.Q(previous_secret="") & models.Q(previous_until__isnull=False)),
                name="a_secret_before_says_until_when",
            ),
            models.CheckConstraint(condition=~models.Q(secret=""), name="an_endpoint_has_a_secret"),
        ]

    def __str__(self) -> str:
        return self.name

    def wants(self, type: str) -> bool:
        return not self.types or type in self.types

    def live_secrets(self, now: datetime) -> list[str]:
        """What signs now, the newest first. To be handed to whoever signs, never to a log, and by workers alone.

        Raises CannotDecrypt where the newest one cannot be. The one before it then does without signing.
        """
        newest = decrypt(self.secret)
        if not self.has_two_secrets(now):
            return [newest]
        with suppress(CannotDecrypt):
            return [newest, decrypt(self.previous_secret)]
        return [newest]

    def has_two_secrets(self, now: datetime) -> bool:
        return self.previous_until is not None and now < self.previous_until

    @property
    def is_unreachable(self) -> bool:
        return self.failures >= UNREACHABLE_AFTER

    def record_answer(self) -> None:
        """It took something."""
        self.row.update(**WELL, succeeded_at=Now())

    def record_refusal(self, delivery_id: int, detail: str) -> None:
        """It did not take this delivery, which counts once however often it fails. `detail` is for staff."""
        is_same = models.When(failed_last=delivery_id, then=0)
        failures = models.F("failures") + models.Case(is_same, default=1)
        is_unreachable = GreaterThanOrEqual(failures, UNREACHABLE_AFTER)
        pause = Now() + pause_after(failures - UNREACHABLE_AFTER + 1)
        self.row.update(
            failures=failures,
            failure=detail[:500],
            failed_last=delivery_id,
            failed_at=Now(),
            unreachable_since=Coalesce("unreachable_since", Now()),
            retry_at=models.Case(models.When(is_unreachable, then=pause)),
        )

    def record_cannot_sign(self) -> None:
        """Its secret cannot be decrypted: nothing is sent, and after a pause it is looked at again, as if unreachable."""
        why = {
            "failure": CANNOT_SIGN,
            "failed_at": Now(),
            "unreachable_since": Coalesce("unreachable_since", Now()),
        }
        self.row.update(failures=UNREACHABLE_AFTER, retry_at=Now() + models.Value(FIRST_PAUSE), **why)

    def ask_at_once(self) -> None:
        """Staff have changed something: the next call is not held back."""
        self.row.filter(retry_at__isnull=False).update(retry_at=Now())

    def disable(self, why: str) -> bool:
        """Whether it was in use until now. What is pending stays so."""
        return bool(self.row.active().update(is_active=False, disabled_why=why, disabled_at=Now()))

    def give_up(self) -> bool:
        """Disable it if it has failed for so long. The feed keeps what happens, and so rows do not grow without end."""
        failing = self.row.active().filter(unreachable_since__lt=Now() - GIVEN_UP_AFTER)
        return bool(failing.update(is_active=False, disabled_why=self.Why.UNREACHABLE, disabled_at=Now()))

    def enable(self) -> bool:
        """Whether it was disabled until now. It begins anew, and goes on where it stopped."""
        return bool(self.row.disabled().update(is_active=True, disabled_why="", disabled_at=None, **WELL))
