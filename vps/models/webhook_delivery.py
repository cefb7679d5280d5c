"""An event that is to be sent to an endpoint, and how far that is. Written by services.webhooks alone; staff look at it."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import connection, models, transaction
from django.db.models.functions import Coalesce, Greatest, Now, TruncMinute
from django.utils.translation import gettext_lazy as _

from vps.models.event import Event
from vps.models.history import link_that_outlives
from vps.models.webhook_endpoint import WebhookEndpoint

TEST = "webhook.test"
# What is of no VPS is in order among itself.
LANE = Coalesce("vps_id", 0)
# A verdict counts while its claim is the last one. Whoever writes of many locks them by their ids.
APPLY_VERDICTS = """
    UPDATE webhook_deliveries SET
        state = applied.state,
        tries = tries + 1,
        next_at = statement_timestamp() + make_interval(secs => applied.pause),
        ended_at = CASE WHEN applied.state <> 'pending' THEN statement_timestamp() END
    FROM (
        SELECT mine.id, verdict.state, verdict.pause
        FROM webhook_deliveries AS mine
        JOIN unnest(%s::bigint[], %s::int[], %s::text[], %s::float[]) AS verdict (id, claims, state, pause)
            ON mine.id = verdict.id AND mine.claims = verdict.claims
        WHERE mine.state = 'pending'
        ORDER BY mine.id FOR UPDATE OF mine
    ) AS applied
    WHERE webhook_deliveries.id = applied.id
"""


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def pending(self) -> "WebhookDeliveryQuerySet":
        return self.filter(state=WebhookDelivery.State.PENDING)

    def first_of_their_vps(self) -> "WebhookDeliveryQuerySet":
        """Those that wait for none before them: of one VPS the first pending one, and what is of no VPS likewise.

        A test has no position in the feed, so it waits for nobody, and nobody for it.
        """
        before = self.model.objects.pending().alias(lane=LANE)
        mine = {"endpoint": models.OuterRef("endpoint"), "lane": models.OuterRef("lane")}
        earlier = before.filter(**mine, position__lt=models.OuterRef("position"))
        return self.alias(lane=LANE).filter(~models.Exists(earlier))

    def due(self, since_seconds: float = 0) -> "WebhookDeliveryQuerySet":
        """Those that are due, and have been for so long at least."""
        ripe = self.pending().filter(next_at__lte=Now() - timedelta(seconds=since_seconds))
        return ripe.first_of_their_vps()

    @transaction.atomic
    def claim(self, endpoint_id: int, at_most: int, for_seconds: float) -> "list[WebhookDelivery]":
        """Take what is due, the longest due first: nobody else sees it as due for so long."""
        due = self.due().filter(endpoint=endpoint_id).order_by("next_at", "position")
        locked = due.select_for_update(of=("self",), skip_locked=True)
        ids = list(locked.values_list("id", flat=True)[:at_most])
        claims = models.F("claims") + 1
        self.filter(id__in=ids).update(claims=claims, next_at=Now() + timedelta(seconds=for_seconds))
        return list(self.filter(id__in=ids).order_by("position", "id"))

    def locked(self, ids: list[int]) -> "list[WebhookDelivery]":
        return list(self.filter(id__in=ids).select_for_update(of=("self",)).order_by("id"))

    @transaction.atomic
    def release(self, claimed: "list[WebhookDelivery]") -> None:
        """Nobody has begun these: they are due again. One that somebody else has claimed since stays as it is."""
        claims = {one.pk: one.claims for one in claimed}
        mine = [one.pk for one in self.pending().locked(list(claims)) if one.claims == claims[one.pk]]
        self.filter(id__in=mine).update(next_at=Now())

    def apply_verdicts(self, verdicts: "list[tuple[WebhookDelivery, str, float]]") -> None:
        """(delivery, its state now, seconds until the next try) of each that was tried, in one statement."""
        rows = [(one.pk, one.claims, state, pause) for one, state, pause in verdicts]
        with connection.cursor() as cursor:
            cursor.execute(APPLY_VERDICTS, [list(column) for column in zip(*rows, strict=True)])

    @transaction.atomic
    def send_again(self, ids: list[int]) -> int:
        """From the beginning of the schedule, with the id and the body they have. Returns how many.

        A call that is on its way has no say any more: its verdict is of the schedule before.
        """
        chosen = self.filter(id__in=[one.pk for one in self.only("pk").locked(ids)])
        anew = {"state": WebhookDelivery.State.PENDING, "tries": 0, "claims": models.F("claims") + 1}
        return int(chosen.update(**anew, next_at=Now(), ended_at=None))

    @transaction.atomic
    def hasten(self, ids: list[int]) -> int:
        """Those of these that are pending still are due now. A call that is on its way has no say any more."""
        chosen = [one.pk for one in self.pending().locked(ids)]
        return int(self.filter(id__in=chosen).update(next_at=Now(), claims=models.F("claims") + 1))

    def given_up_since(self, hours: float) -> "WebhookDeliveryQuerySet":
        given_up = self.filter(state=WebhookDelivery.State.GIVEN_UP)
        return given_up.filter(ended_at__gte=Now() - timedelta(hours=hours))

    def lives(self, since: datetime) -> Any:
        """(made, ended, how many) of those that have waited since then, by the minute: what was made before counts as made
        then, and what waits still has no `ended`."""
        waited = self.filter(models.Q(state=WebhookDelivery.State.PENDING) | models.Q(ended_at__gte=since)).order_by()
        made = TruncMinute(Greatest("created_at", since))
        minutes = waited.annotate(made=made, ended=TruncMinute("ended_at")).values_list("made", "ended")
        return minutes.annotate(models.Count("pk"))

    def ended_before(self, state: str, days: int) -> "WebhookDeliveryQuerySet":
        return self.filter(state=state, ended_at__lt=Now() - timedelta(days=days))


class WebhookDelivery(models.Model):
    """PENDING ──2xx──► DELIVERED, or after the last try of the schedule ──► GIVEN_UP; staff may have either sent again.

    `body` is made once and sent byte for byte. `claims` is raised by each claim, and ends the say of those before it.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        DELIVERED = "delivered", _("delivered")
        GIVEN_UP = "given_up", _("given up")

    TYPES = [*Event.Type.choices, (TEST, _("test"))]

    endpoint = models.ForeignKey(
        WebhookEndpoint, models.CASCADE, related_name="deliveries", verbose_name=_("webhook endpoint")
    )
    event = link_that_outlives(Event, "+", verbose_name=_("event"), db_index=False)
    type = models.CharField(_("type"), max_length=40, choices=TYPES)
    vps = link_that_outlives("vps.Vps", "+", verbose_name=_("server"))
    position = models.BigIntegerField(_("place in the feed"), null=True)
    body = models.TextField(_("body"))
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PENDING, db_default=State.PENDING
    )
    tries = models.IntegerField(_("tries"), default=0, db_default=0)
    claims = models.IntegerField(default=0, db_default=0)
    next_at = models.DateTimeField(_("next try"), db_default=Now())
    created_at = models.DateTimeField(_("created"), db_default=Now())
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects: ClassVar[Any] = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        db_table = "webhook_deliveries"
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["endpoint", "next_at", "position"],
                condition=models.Q(state="pending"),
                name="deliveries_pending_by_time",
            ),
            models.Index(
                models.F("endpoint"),
                LANE,
                models.F("position"),
                condition=models.Q(state="pending"),
                name="first_pending_of_a_vps",
            ),
            models.Index(fields=["ended_at"], condition=~models.Q(state="pending"), name="deliveries_ended_by_time"),
            models.Index(fields=["ended_at"], condition=models.Q(state="given_up"), name="deliveries_given_up"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="an_event_is_told_once_to_an_endpoint"),
            models.CheckConstraint(
                condition=models.Q(state="pending", ended_at=None)
                | models.Q(state__in=["delivered", "given_up"], ended_at__isnull=False),
                name="an_ended_delivery_says_when",
            ),
            models.CheckConstraint(
                condition=models.Q(type=TEST, event=None, position=None)
                | (~models.Q(type=TEST) & models.Q(event__isnull=False, position__isnull=False)),
                name="all_but_a_test_have_a_place_in_the_feed",
            ),
        ]

    def __str__(self) -> str:
        return self.webhook_id

    @property
    def webhook_id(self) -> str:
        """The same in all tries: the receiver knows a repeat by it."""
        return f"test_{self.pk}" if self.position is None else f"evt_{self.position}"


def with_backlog(endpoints: Any) -> Any:
    """These endpoints, each with `backlog`, how many are pending, `oldest`, when the first of them was made, and
    `next_try`, when the first of them is due."""
    pending = WebhookDelivery.objects.pending().filter(endpoint=models.OuterRef("pk")).order_by().values("endpoint")
    count = models.Subquery(pending.annotate(count=models.Count("pk")).values("count"))
    oldest = models.Subquery(pending.annotate(oldest=models.Min("created_at")).values("oldest"))
    next_try = models.Subquery(pending.annotate(next_try=models.Min("next_at")).values("next_try"))
    return endpoints.annotate(backlog=Coalesce(count, 0), oldest=oldest, next_try=next_try)
