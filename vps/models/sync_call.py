"""The main site's calls as they ended, for the staff's eyes. services.sync_calls alone writes them."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Case, Count, Exists, F, Max, Q, Sum, Value, When
from django.db.models.functions import Now, TruncHour
from django.utils.translation import gettext_lazy as _

from vps.models.history import link_that_outlives

# Characters, of what is not ours to choose.
LONGEST = {"action": 40, "path": 255, "code": 64, "message": 500}
REFUSED = Q(status__gte=400)
# 429 is the answer to wrong keys that come too often.
WITHOUT_A_KEY = Q(status=401) | Q(status=429, minute__isnull=False)
# In a batch the answer is 200 and the failures stand in its results.
TROUBLED = REFUSED | Q(failed__gt=0)
FAILED = REFUSED | Q(failed__gt=0, failed=F("operations"))


class Percentile(models.Aggregate):
    """percentile_cont: the value below which this share of all lies."""

    function = "percentile_cont"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = models.FloatField()

    def __init__(self, expression: Any, share: float, **more: Any) -> None:
        super().__init__(expression, share=share, **more)


class SyncCallQuerySet(models.QuerySet["SyncCall"]):
    def since(self, when: datetime) -> "SyncCallQuerySet":
        return self.filter(at__gte=when)

    def let_in(self) -> "SyncCallQuerySet":
        return self.filter(minute=None)

    def unauthenticated(self) -> "SyncCallQuerySet":
        return self.filter(WITHOUT_A_KEY)

    def troubled(self) -> "SyncCallQuerySet":
        return self.filter(TROUBLED)

    def by_result(self, period: Any) -> Any:
        """Rows {"period", "result", "calls"}: how many ended how, by `period` (a Trunc of `at`)."""
        rows = self.annotate(period=period, result=RESULT).values("period", "result")
        return rows.annotate(calls=Sum("count")).order_by("period")

    def by_hour(self) -> Any:
        """Rows {"hour", "calls", "bad"}: how many there were, and how many of them were refused or failed."""
        hours = self.annotate(hour=TruncHour("at", tzinfo=UTC)).values("hour").order_by("hour")
        return hours.annotate(calls=Sum("count"), bad=Sum("count", filter=TROUBLED))

    def took(self) -> dict[str, Any]:
        """In how many ms 50 and 95 of 100 were done."""
        return self.aggregate(half=Percentile("duration_ms", 0.5), most=Percentile("duration_ms", 0.95))

    def durations(self) -> Any:
        """Rows {"action", "calls", "half", "most", "longest"}: in how many ms 50 and 95 of 100 were done, and the last."""
        grouped = self.let_in().values("action")
        times = {"half": Percentile("duration_ms", 0.5), "most": Percentile("duration_ms", 0.95)}
        return grouped.annotate(calls=Count("id"), longest=Max("duration_ms"), **times).order_by("-calls")

    def failing(self, more_than: int) -> "SyncCallQuerySet":
        """What failed of these, if that is more than so many and more than half of all; else nothing."""
        let_in = self.let_in()
        sums = let_in.values(whole=Value(1)).annotate(all=Count("id"), bad=Count("id", filter=FAILED))
        return let_in.filter(FAILED).filter(Exists(sums.filter(bad__gt=more_than, all__lt=F("bad") * 2)))

    def refused_keys(self, more_than: int) -> "SyncCallQuerySet":
        """The minutes of these in which no valid key came, if that was more than so many times; else nothing."""
        refused = self.unauthenticated()
        sums = refused.values(whole=Value(1)).annotate(calls=Sum("count"))
        return refused.filter(Exists(sums.filter(calls__gt=more_than)))


class SyncCall(models.Model):
    """One call, or of those that no endpoint let in, all of one minute, status and code, `count` of them.

    So what a stranger sends makes no more than a few rows a minute. `operations` are those of a batch.
    """

    class Result(models.TextChoices):
        DONE = "done", _("done")
        REPLAYED = "replayed", _("answered from memory")
        PARTLY = "partly", _("done in part")
        INVALID = "invalid", _("invalid")
        NOT_FOUND = "not_found", _("not found")
        CONFLICT = "conflict", _("conflict")
        UNAUTHENTICATED = "unauthenticated", _("without a valid key")
        SERVER_ERROR = "server_error", _("failed here")

    at = models.DateTimeField(_("when"), db_default=Now())
    minute = models.DateTimeField(_("minute"), null=True)
    count = models.IntegerField(_("times"), default=1)
    request_id = models.CharField(_("request"), max_length=128)
    action = models.CharField(_("action"), max_length=LONGEST["action"])
    path = models.CharField(_("path"), max_length=LONGEST["path"])
    status = models.SmallIntegerField(_("status"))
    code = models.CharField(_("code"), max_length=LONGEST["code"])
    message = models.CharField(_("message"), max_length=LONGEST["message"])
    duration_ms = models.IntegerField(_("ms"))
    operations = models.IntegerField(_("operations"), default=0)
    failed = models.IntegerField(_("operations that failed"), default=0)
    replayed = models.BooleanField(_("answered from memory"), default=False)
    vps = link_that_outlives("vps.Vps", "+", verbose_name=_("server"), db_index=False)

    objects: ClassVar[Any] = SyncCallQuerySet.as_manager()

    class Meta:
        db_table = "sync_calls"
        verbose_name = _("call of the main site")
        verbose_name_plural = _("main site")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["minute", "status", "code"], name="calls_at_the_door_are_counted_by_minute"
            ),
            models.CheckConstraint(
                condition=Q(count=1) | Q(minute__isnull=False), name="calls_let_in_are_told_one_by_one"
            ),
            models.CheckConstraint(
                condition=Q(failed__lte=F("operations")), name="no_more_of_a_batch_fails_than_it_holds"
            ),
        ]
        indexes = [
            models.Index(fields=["at"], name="sync_calls_by_time"),
            models.Index(fields=["request_id"], name="sync_calls_by_request"),
            models.Index(fields=["id"], condition=TROUBLED, name="sync_calls_in_trouble"),
        ]

    def __str__(self) -> str:
        return f"{self.action or self.path}: {self.status} {self.code}".strip()


RESULT = Case(
    When(WITHOUT_A_KEY, then=Value(SyncCall.Result.UNAUTHENTICATED)),
    When(status__gte=500, then=Value(SyncCall.Result.SERVER_ERROR)),
    When(status__in=[404, 410], then=Value(SyncCall.Result.NOT_FOUND)),
    When(status__in=[409, 422], then=Value(SyncCall.Result.CONFLICT)),
    When(status__gte=400, then=Value(SyncCall.Result.INVALID)),
    When(replayed=True, then=Value(SyncCall.Result.REPLAYED)),
    When(failed__gt=0, then=Value(SyncCall.Result.PARTLY)),
    default=Value(SyncCall.Result.DONE),
    output_field=models.CharField(),
)
