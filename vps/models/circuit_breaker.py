"""Whether something far away answers, since when not, and when to ask again. A base of Cluster, ClusterNode, WebhookEndpoint.

While it does not answer one caller at a time asks, after a pause that doubles: a circuit breaker that all workers share.
"""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Coalesce, Least, Now
from django.utils.translation import gettext_lazy as _

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(seconds=180)


def pause_after(failures: Any) -> Any:
    """In SQL: 10 s after the first failure, doubled by each that follows, 180 s at most."""
    doublings = Least(failures - 1, 5)
    pause = models.Value(FIRST_PAUSE) * models.functions.Power(2.0, doublings, output_field=models.FloatField())
    return Least(models.ExpressionWrapper(pause, models.DurationField()), models.Value(LONGEST_PAUSE))


class CircuitBreakerQuerySet(models.QuerySet[Any]):
    def unreachable(self) -> "CircuitBreakerQuerySet":
        return self.filter(failures__gt=0)


class CircuitBreaker(models.Model):
    """Its verbs are one statement each, on the row as it is in the database: what was read of it may be old."""

    unreachable_since = models.DateTimeField(_("unreachable since"), null=True, editable=False)
    failures = models.IntegerField(_("failures in a row"), default=0, db_default=0, editable=False)
    failure = models.CharField(_("why"), max_length=500, default="", db_default="", blank=True, editable=False)
    retry_at = models.DateTimeField(_("asked again at"), null=True, editable=False)

    objects: ClassVar[Any] = CircuitBreakerQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def row(self) -> Any:
        """This row alone, as a QuerySet."""
        return type(self).objects.filter(pk=self.pk)

    def admit_call(self) -> bool:
        """Whether to ask now. To ask what is unreachable counts as a failure until it has answered: so others keep away."""
        failures = models.F("failures") + 1
        is_due = models.Q(retry_at__lte=Now()) | models.Q(retry_at=None)
        unreachable = self.row.filter(failures__gt=0)
        is_probe = unreachable.filter(is_due).update(failures=failures, retry_at=Now() + pause_after(failures))
        return bool(is_probe) or not unreachable.exists()

    def record_failure(self, detail: str, **columns: Any) -> None:
        """It did not answer. Of many calls that fail at once the first counts. `detail` is for staff alone."""
        why = {"failure": detail[:500], "unreachable_since": Coalesce("unreachable_since", Now())} | columns
        retry_at = Now() + models.Value(FIRST_PAUSE)
        if not self.row.filter(failures=0).update(failures=1, retry_at=retry_at, **why):
            self.row.update(**why)

    def record_answer(self) -> None:
        self.row.filter(failures__gt=0).update(failures=0, failure="", unreachable_since=None, retry_at=None)

    def ask_at_once(self) -> None:
        """Staff have asked for it: the next call is not held back."""
        self.row.filter(failures__gt=0).update(retry_at=Now())
