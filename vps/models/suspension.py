"""Why and since when a VPS is suspended, and what becomes of its power. Written by services.sync, and by operations."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, ClassVar, TypedDict

from django.db import models
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from vps.models.event import Event
from vps.models.operation import Operation
from vps.models.shown import FRESH_FOR
from web.openapi.shapes import moment, one_of, or_null, text
from web.rows import array, columns, upsertion
from web.statements import Found, Statement
from web.timestamps import rfc3339

LONGEST_MESSAGE, LONGEST_LINK = 500, 2000
ON, ANY = ("running", "paused"), ("running", "paused", "stopped")


def of_its(operations: Any, **columns: Any) -> models.Exists:
    """Whether its VPS has such an operation."""
    return models.Exists(operations.filter(vps=models.OuterRef("pk"), **columns))


def seen(*powers: str) -> models.Q:
    """Those whose guest is seen so now, and is surely their VPS's own."""
    sure = {"missing_since": None, "doubted_since": None, "identity_mismatch": ""}
    fresh = {"cluster__is_active": True, "cluster__seen_at__gt": Now() - FRESH_FOR}
    wanted = {"power__in": powers} | sure | fresh
    return models.Q(**{f"vps__placement__{name}": value for name, value in wanted.items()})


@cache
def fields() -> tuple[str, ...]:
    return tuple(field.attname for field in Suspension._meta.concrete_fields)


class SuspensionQuerySet(models.QuerySet["Suspension"]):
    def reading(self, vps_ids: Iterable[int], read: "Callable[[list[Suspension]], object]") -> Statement:
        """Those of these VPSs."""
        text = f"SELECT {columns(Suspension, fields())} FROM suspensions WHERE vps_id = ANY(%s::int[])"  # noqa: S608

        def read_all(found: Found) -> None:
            read([Suspension.from_db(self.db, fields(), values) for values in found])

        return Statement(text, [array(vps_ids)], read_all)

    def keeping(self, suspensions: "Iterable[Suspension]") -> Statement:
        """Write these, whose VPSs are locked."""
        return upsertion(Suspension, fields(), [[getattr(one, name) for name in fields()] for one in suspensions])

    def removal(self, vps_ids: Iterable[int]) -> Statement:
        """Of these VPSs, which are locked."""
        return Statement("DELETE FROM suspensions WHERE vps_id = ANY(%s::int[])", [array(vps_ids)])

    def in_force(self) -> "SuspensionQuerySet":
        """The VPS's own status is the truth: a release before, which knew of no suspensions, may have ended one."""
        return self.filter(vps__status="suspended", ended_at=None)

    def orders_stop(self, vps_id: int) -> bool:
        """Whether the guest of this VPS is to be down now."""
        return self.in_force().filter(power="stop", pk=vps_id).exists()

    def to_stop(self) -> "SuspensionQuerySet":
        """Those whose guest is on, and is asked to go down now: nothing else is under way on it, and the pause is over."""
        on = self.in_force().filter(seen(*ON), power="stop", next_try_at__lte=Now())
        return on.exclude(of_its(Operation.objects.open())).order_by("next_try_at")

    def to_start(self) -> "SuspensionQuerySet":
        """Those that are over, and whose guest is owed its power, and is asked to come up now."""
        down = self.over().filter(seen(*ANY), next_try_at__lte=Now()).exclude(pk__in=self.model.objects.settled())
        return down.exclude(of_its(Operation.objects.open())).order_by("next_try_at")

    def over(self) -> "SuspensionQuerySet":
        return self.exclude(vps__status="suspended")

    def settled(self) -> "SuspensionQuerySet":
        """Those that are over and owe nothing, or nothing any more: somebody else has asked for power since, or the guest
        runs and nothing that was sent may take it down yet."""
        is_owed = models.Q(power_before="running") & (models.Q(has_stopped=True) | models.Q(power="stop"))
        since = Coalesce(models.OuterRef("ended_at"), models.OuterRef("since"))
        is_others = of_its(Operation.objects.exclude(source=Event.Source.SYSTEM), created_at__gt=since)
        failed = Operation.objects.filter(state=Operation.State.FAILED)
        in_doubt = models.Exists(failed.filter(pk=models.OuterRef("newest")))
        sent = Operation.objects.exclude(state=Operation.State.FAILED, intent_at=None)
        newest = sent.filter(vps=models.OuterRef("pk")).order_by("-pk").values("pk")[:1]
        is_back = seen(*ON) & ~of_its(Operation.objects.open()) & ~models.Q(in_doubt)
        return self.over().alias(newest=models.Subquery(newest)).filter(~is_owed | models.Q(is_others) | is_back)

    def to_note(self) -> "SuspensionQuerySet":
        """Those in force whose guest was not seen as they began, and is now."""
        return self.in_force().filter(seen(*ANY), power="stop", power_before="")

    def note_power(self, vps_ids: Iterable[int]) -> None:
        """What the guests of these VPSs, which are locked, are seen to do, where that is not known of before."""
        unknown = self.filter(pk__in=list(vps_ids), power_before="")
        for powers, power in ((ON, "running"), (("stopped",), "stopped")):
            self.filter(pk__in=unknown.filter(seen(*powers)).values("pk")).update(power_before=power)

    def neglected(self, by_seconds: float) -> "tuple[SuspensionQuerySet, SuspensionQuerySet]":
        """Those that were to be stopped, and to be started, so long ago."""
        late = {"next_try_at__lt": Now() - timedelta(seconds=by_seconds)}
        return self.to_stop().filter(**late), self.to_start().filter(**late)

    def unenforced(self, since_before: datetime) -> "SuspensionQuerySet":
        """Those whose guest is to be stopped, and is not seen stopped, though it was suspended before that moment."""
        due = self.in_force().filter(power="stop", since__lt=since_before)
        return due.exclude(pk__in=self.model.objects.filter(seen("stopped")))


class Suspension(models.Model):
    """One VPS has at most one, which goes with it by the database's own word.

    `since` is when it was suspended, whatever was said of it later. `power` is what the main site wants of the guest
    meanwhile. `power_before` is what the guest did as it was suspended, or was seen to do first after that; `has_stopped`
    that the panel has asked it to stop. What was running, and was stopped or to be stopped, is owed to the customer: such a
    row outlives its suspension (`ended_at`) until the guest runs again.
    """

    class Reason(models.TextChoices):
        UNPAID = "unpaid", _("unpaid")
        ABUSE = "abuse", _("rules broken")
        STAFF = "staff", _("decided by our staff")
        OTHER = "other", _("another reason")

    class Power(models.TextChoices):
        KEEP = "keep", _("left as it is")
        STOP = "stop", _("stopped")

    vps = models.OneToOneField(
        "vps.Vps", models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="suspension"
    )
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices, default="", db_default="", blank=True)
    message = models.CharField(
        _("what the customer reads"), max_length=LONGEST_MESSAGE, default="", db_default="", blank=True
    )
    pay_url = models.CharField(_("where to pay"), max_length=LONGEST_LINK, default="", db_default="", blank=True)
    power = models.CharField(
        _("power meanwhile"), max_length=4, choices=Power.choices, default=Power.KEEP, db_default=Power.KEEP
    )
    since = models.DateTimeField(_("suspended since"), null=True, db_default=Now())
    ended_at = models.DateTimeField(_("ended"), null=True)
    power_before = models.CharField(_("power before"), max_length=7, default="", db_default="", blank=True)
    has_stopped = models.BooleanField(_("stopped by the panel"), default=False, db_default=False)
    tries = models.IntegerField(_("tries"), default=0, db_default=0)
    next_try_at = models.DateTimeField(_("next try"), db_default=Now())

    objects: ClassVar[Any] = SuspensionQuerySet.as_manager()

    class Meta:
        db_table = "suspensions"
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reason__in=["", "unpaid", "abuse", "staff", "other"]),
                name="suspension_reason_is_known",
            ),
            models.CheckConstraint(condition=models.Q(power__in=["keep", "stop"]), name="suspension_power_is_known"),
            models.CheckConstraint(
                condition=models.Q(power_before__in=["", "running", "stopped"]), name="suspension_power_before_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(pay_url="") | models.Q(pay_url__startswith="https://"),
                name="suspension_is_paid_over_https",
            ),
        ]

    def __str__(self) -> str:
        return ": ".join(part for part in (self.reason, self.message) if part) or "suspended"

    @property
    def is_owed(self) -> bool:
        """Whether the guest is to be started when the suspension ends, whoever has stopped it: nobody asks for power while
        one is in force that wants it down."""
        return self.power_before == "running" and (self.has_stopped or self.power == self.Power.STOP)

    def public(self) -> "SuspensionShape":
        """As the main site reads it."""
        return {
            "reason": self.reason or None,
            "message": self.message or None,
            "pay_url": self.pay_url or None,
            "power": self.power,
            "since": rfc3339(self.since),
        }

    def for_customer(self) -> "ReasonShape":
        return for_customer(self.public())


class ReasonShape(TypedDict):
    """Why it is suspended."""

    reason: Annotated[str | None, or_null(one_of("Null where it was not told.", Suspension.Reason.values))]
    message: Annotated[
        str | None,
        or_null(text("What the customer is told.", "Invoice 1042 of 14 November.", maxLength=LONGEST_MESSAGE)),
    ]
    pay_url: Annotated[
        str | None,
        or_null(text("Where it is paid for.", "https://example.com/pay/1042", format="uri", maxLength=LONGEST_LINK)),
    ]
    since: Annotated[str | None, or_null(moment("Since when."))]


class SuspensionShape(ReasonShape):
    """Why it is suspended, and what becomes of its power meanwhile."""

    power: Annotated[
        str, one_of("`stop`: the panel stops the guest, and gives its power back.", Suspension.Power.values)
    ]


def for_customer(shape: "SuspensionShape | dict[str, Any]") -> ReasonShape:
    """What becomes of the power is between the main site and the panel."""
    return {
        "reason": shape["reason"],
        "message": shape["message"],
        "pay_url": shape["pay_url"],
        "since": shape["since"],
    }
