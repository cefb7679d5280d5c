"""Something asked of a VPS that takes time. Written by operations alone; doors read it."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Annotated, Any, ClassVar, TypedDict

from django.conf import settings
from django.contrib.postgres.aggregates import BoolOr
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vps.db import clock
from vps.db.locks import OPERATIONS_OF_VPS, holders_of
from vps.models.event import Event
from vps.models.failures import sentence_of
from vps.models.history import link_that_outlives
from vps.models.notice import Notice
from vps.models.operation_sql import (
    CLAIM_DUE,
    CLAIM_EACH,
    RESCHEDULE,
    ROUNDS_LEFT,
    WRITE_AS_MINE,
)
from vps.models.who import username_for
from web.compiled_query import CompiledQuery, CompiledRows, Parameter
from web.compiled_query import whole as given
from web.errors import Sentence
from web.openapi.shapes import moment, mostly_null, one_of, or_null, row_id, text, thing, whole
from web.rows import array
from web.statements import Found, Statement, run
from web.timestamps import rfc3339


class OperationQuerySet(models.QuerySet["Operation"]):
    def open(self) -> "OperationQuerySet":
        return self.filter(state__in=Operation.OPEN)

    def visible_to(self, user: Any) -> "OperationQuerySet":
        """Of this user's servers, but for what was asked of them while they were another's: as events, by the owner then."""
        queued = Event.objects.filter(operation=models.OuterRef("pk"), type=Event.Type.OPERATION_QUEUED)
        return self.filter(~models.Exists(queued.exclude(user=user)), vps__user=user)

    def on(self, cluster_id: int | Parameter) -> "OperationQuerySet":
        return self.filter(vps__placement__cluster_id=cluster_id)

    @transaction.atomic
    def wake(self) -> None:
        """What they waited for answers again. Whoever writes of many locks them by their ids: see `Vps.objects.locked`."""
        asleep = self.model.objects.filter(id__in=self.open().values("id"), due_at__gt=Now())
        ids = list(asleep.select_for_update().order_by("id").values_list("id", flat=True))
        self.model.objects.filter(id__in=ids).update(due_at=Now())

    def due(self) -> "OperationQuerySet":
        """Open ones whose turn has come, the oldest first, but for those that a live worker has in hand."""
        free = self.exclude(vps_id__in=holders_of(OPERATIONS_OF_VPS))
        return free.open().filter(due_at__lte=Now()).order_by("id")

    def watched(self, cluster_id: int | Parameter, node: str | Parameter) -> "OperationQuerySet":
        """What waits for something to happen on this node: many are looked after in one go."""
        return self.open().on(cluster_id).filter(step__in=Operation.WATCHED, node=node)

    def rounds_left(self, cluster_id: int) -> "list[tuple[str, float, int]]":
        """What is watched on this cluster, as ROUNDS_LEFT gives it, the node that is due first before the others."""
        with connection.cursor() as cursor:
            cursor.execute(ROUNDS_LEFT, [cluster_id, list(Operation.WATCHED)])
            rows: list[tuple[str, float, int]] = cursor.fetchall()
        return rows

    def unwatched(self, by_seconds: float) -> "OperationQuerySet":
        """Those that nobody is to watch, and those whose next look should have been so long ago."""
        late = models.Q(due_at__lt=Now() - timedelta(seconds=by_seconds))
        return self.filter(~models.Q(step__in=Operation.WATCHED) | late)

    def overdue(self, by_seconds: float) -> "OperationQuerySet":
        """Those whose turn came so long ago, and that nobody took: the bell was lost, or its worker died."""
        return self.due().filter(due_at__lt=Now() - timedelta(seconds=by_seconds))

    def overrun(self, by_seconds: float) -> "OperationQuerySet":
        """Open so long after their deadline, in whatever hands they are."""
        return self.open().filter(deadline_at__lt=Now() - timedelta(seconds=by_seconds))

    def killing(self) -> "OperationQuerySet":
        """Open ones whose workers die in the middle of their turns."""
        return self.open().filter(claims__gte=2)

    @transaction.atomic
    def claim(self, id: int) -> "Operation | None":
        """Take the turn that is due. Each claim raises the fence, and so ends the right to write of all before it.

        The row stays locked until its fence was read: read later, it might be that of the next claim.
        """
        taken: Found = []
        found: list[Operation] = []
        claim = Statement(CLAIM_DUE, [id], taken.extend)
        run([claim, HYDRATED.reading(found.extend, id=id), clock.reading(partial(note_claim, found))], is_last=True)
        return found[0] if taken else None

    @transaction.atomic
    def claim_watched(
        self, cluster_id: int, node: str, at_most: int, for_seconds: float, early_s: float = 0
    ) -> "list[Operation]":
        """Take the turns that are due of those watched on this node: nobody else sees them as due for so long. Where there is
        one, those are taken too that are due so soon: the same lists tell of them.

        One whose worker came to nothing the last time is taken alone: should it kill this one too, it kills no other's.
        """
        watched = self.watched(cluster_id, node).order_by("due_at")
        free = watched.select_for_update(of=("self",), skip_locked=True).values_list("id", flat=True)
        due, soon = models.Q(due_at__lte=Now()), models.Q(due_at__lte=Now() + timedelta(seconds=early_s))
        is_any_due = models.Exists(watched.filter(due, claims=0))
        ids = list(free.filter(is_any_due, soon, claims=0)[:at_most]) or list(free.filter(due)[:1])
        if not ids:
            return []
        run([Statement(CLAIM_EACH, [for_seconds, array(ids)])])
        found = list(self.hydrated().filter(id__in=ids).order_by("id"))
        run([clock.reading(partial(note_claim, found))], is_last=True)
        return found

    def hydrated(self) -> "OperationQuerySet":
        return self.select_related("vps__placement")

    def reschedule(self, pauses: "dict[Operation, float]") -> None:
        """Put these off by so many seconds, each while its claim holds."""
        if not pauses:
            return
        rows = [(one.pk, one.fence, seconds) for one, seconds in pauses.items()]
        ids, fences, seconds = zip(*rows, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(RESCHEDULE, [list(ids), list(fences), list(seconds)])

    def reading_busy(self, vps_ids: Iterable[int], read: Callable[[Found], object]) -> Statement:
        """Finds the ids of those of these VPSs that an operation is open on."""
        text = "SELECT vps_id FROM operations WHERE vps_id = ANY(%s::int[]) AND state = ANY(%s)"
        return Statement(text, [array(vps_ids), array(Operation.OPEN)], read)

    def cut_off(self, vps_ids: "list[int]", code: str) -> None:
        """End what is open on these VPSs, whose rows are locked: what it was asked of is not there any more."""
        rows = self.open().filter(vps_id__in=vps_ids).select_related("vps").order_by("id")
        hit = list(rows.select_for_update(of=("self",)))
        over = {"state": Operation.State.FAILED, "finished_at": clock.now(), "error_code": code} if hit else {}
        self.filter(id__in=[one.pk for one in hit]).update(fence=models.F("fence") + 1, **over)
        Event.objects.record_all([one.ended(Operation.State.FAILED, code) for one in hit])
        if hit:
            Notice.objects.record_ends([one.pk for one in hit])

    def knows_task(self, vps_id: int, handle: str) -> bool:
        """Whether this task of the VPS's guest is, or was, some operation's."""
        spent = self.filter(vps_id=vps_id, spent_handles__contains=[handle])
        return self.filter(handle=handle).exists() or spent.exists()


HYDRATED = CompiledQuery(lambda: Operation.objects.hydrated().filter(id=given("id")))


# Of those before one of the same VPS, by which something was sent: whether any ended so lately without hearing of its task.
IS_IN_DOUBT = CompiledRows(
    lambda: (
        Operation.objects.filter(vps_id=given("vps"), pk__lt=given("id"), sent_as__gt="")
        .order_by()
        .values("vps_id")
        .annotate(is_in_doubt=BoolOr(in_doubt(Parameter("within", models.DurationField()))))
        .values_list("is_in_doubt")
    )
)


def in_doubt(within: Parameter) -> models.Q:
    sent = models.Q(intent_at__isnull=False, sent_at__gt=Now() - within)
    return models.Q(state=Operation.State.FAILED, handle="") & sent


def note_claim(claimed: "list[Operation]", now: datetime) -> None:
    for one in claimed:
        one.claimed_at = now


@cache
def writing(names: tuple[str, ...]) -> str:
    """An UPDATE of these columns, to be given their values and (percent, id, fence). The ORM takes longer to write it than
    PostgreSQL to carry it out."""
    columns = "".join(f"{Operation._meta.get_field(name).column} = %s, " for name in names)  # type: ignore[union-attr]
    return f"UPDATE operations SET {columns}{WRITE_AS_MINE}"  # noqa: S608


def prepared(columns: dict[str, Any]) -> list[Any]:
    """Their values, as PostgreSQL is given them."""
    fields = ((Operation._meta.get_field(name), value) for name, value in columns.items())
    return [field.get_db_prep_save(value, connection) for field, value in fields]  # type: ignore[union-attr]


class Operation(models.Model):
    """The public face of a slow piece of work.

    QUEUED ──claim──► RUNNING ──seen in the asked state──► SUCCEEDED
       └────────────────┴──refused, out of time, overtaken──► FAILED

    While RUNNING, `step` says how far, and `most_progress` how far it was at most: what is tried again does not run
    backwards. The intent is committed before the command leaves (`intent_at`, the clock of the cluster's host that was
    asked or ours, whichever is behind: tasks are looked for since then; `sent_after`, ours alone, by which uptimes are
    judged), and the task's `handle` after its answer. A row with an intent and no handle was perhaps sent: the node is
    asked before anything is sent again, by `sent_as`, the user that alone sees its tasks. `spent_handles` are tasks of
    ours that are not this command's: they did nothing, as of a locked guest, or they are of others, or of a `phase` before:
    that counts the commands of a driver's recipe which have reached their goals. `down_since`: a reboot's guest was seen
    down; what is sent from then on is a start. `is_managed`: the availability manager was asked. `params` are what the verb
    was asked with. `claims` counts turns that were taken and never given back: whoever has many kills its workers. The row
    is the truth; the broker only rings.
    """

    class Kind(models.TextChoices):
        START = "start", pgettext_lazy("operation", "Start")
        STOP = "stop", pgettext_lazy("operation", "Stop")
        RESTART = "restart", pgettext_lazy("operation", "Hard restart")
        REBOOT = "reboot", pgettext_lazy("operation", "Reboot")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")

    class Step(models.TextChoices):
        WAITING = "waiting", _("Waiting for its turn")
        UNREACHABLE = "silent", _("The hypervisor does not answer; it is asked again")
        LOCKED = "locked", _("Waiting until the server is free (a backup or migration is running)")
        DOWN = "down", _("The server is down, and is started as soon as it is free (a backup or migration is running)")
        SENDING = "sending", _("Passing the command to the hypervisor")
        FINDING = "finding", _("Asking the hypervisor whether the command arrived")
        WORKING = "working", _("The hypervisor is working")
        CONFIRMING = "confirming", _("Making sure that it is done")
        DONE = "done", _("Done")

    OPEN = (State.QUEUED, State.RUNNING)
    WATCHED = (Step.LOCKED, Step.DOWN, Step.FINDING, Step.WORKING, Step.CONFIRMING)
    FINAL = (State.SUCCEEDED, State.FAILED)
    PROGRESS = {
        Step.WAITING: 0,
        Step.UNREACHABLE: 0,
        Step.LOCKED: 10,
        Step.DOWN: 50,
        Step.SENDING: 20,
        Step.FINDING: 30,
        Step.WORKING: 50,
        Step.CONFIRMING: 80,
        Step.DONE: 100,
    }

    vps = link_that_outlives("vps.Vps", "operations", db_index=False, verbose_name=_("server"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    is_forced = models.BooleanField(_("forced"), default=False, db_default=False)
    params = models.JSONField(default=dict, db_default={}, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    step = models.CharField(_("step"), max_length=10, choices=Step.choices, default=Step.WAITING)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("requested by")
    )
    source = models.CharField(_("requested from"), max_length=10, choices=Event.Source.choices)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    deadline_at = models.DateTimeField(_("deadline"))

    fence = models.IntegerField(default=0, db_default=0)
    claims = models.IntegerField(_("turns without an end"), default=0, db_default=0)
    due_at = models.DateTimeField(_("next look"), db_default=Now())
    attempts = models.IntegerField(_("commands tried"), default=0, db_default=0)
    phase = models.SmallIntegerField(default=0, db_default=0, editable=False)
    intent_at = models.DateTimeField(_("intent (the node's clock)"), null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    sent_after = models.DateTimeField(_("not sent before"), null=True)
    down_since = models.DateTimeField(_("down since"), null=True)
    is_managed = models.BooleanField(default=False, db_default=False, editable=False, db_column="is_ha")
    sent_as = models.CharField(_("sent by the token"), max_length=190, default="", db_default="", blank=True)
    node = models.CharField(_("node"), max_length=63, default="", db_default="", blank=True)
    handle = models.CharField(_("task"), max_length=255, default="", db_default="", blank=True, db_column="upid")
    spent_handles = ArrayField(
        models.CharField(max_length=255),
        default=list,
        db_default=[],
        blank=True,
        editable=False,
        db_column="spent_upids",
    )

    most_progress = models.SmallIntegerField(default=0, db_default=0, editable=False)
    error_code = models.CharField(_("error"), max_length=40, default="", db_default="", blank=True)
    error_detail = models.TextField(_("detail, for staff"), default="", db_default="", blank=True)

    # The database's clock when the turn was taken, of whoever has claimed it.
    claimed_at: datetime

    objects: ClassVar[Any] = OperationQuerySet.as_manager()

    class Meta:
        db_table = "operations"
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["vps", "-id"], name="operations_of_a_vps_newest"),
            models.Index(fields=["created_at"], name="operations_by_time"),
            models.Index(fields=["finished_at"], condition=models.Q(state="failed"), name="failed_operations_by_time"),
            models.Index(fields=["state", "id"], name="operations_by_state"),
            models.Index(fields=["error_code", "id"], condition=~models.Q(error_code=""), name="operations_by_error"),
            models.Index(fields=["kind", "id"], name="operations_by_kind"),
            models.Index(fields=["source", "id"], name="operations_by_source"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["vps"],
                condition=models.Q(state__in=["queued", "running"]),
                name="one_open_operation_a_vps",
            ),
            models.UniqueConstraint(
                fields=["handle"], condition=~models.Q(handle=""), name="a_task_belongs_to_one_operation"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running"]) | models.Q(finished_at__isnull=False),
                name="an_ended_operation_says_when",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="failed") | ~models.Q(error_code=""),
                name="a_failed_operation_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"

    @property
    def progress(self) -> int:
        """Percent. It never runs backwards."""
        return max(self.most_progress, self.PROGRESS[self.Step(self.step)])

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def failure(self) -> Sentence:
        """Why it failed, in words a customer understands."""
        return sentence_of(self.error_code)

    def write(self, **columns: Any) -> bool:
        """Write while this still holds the last claim. False: somebody took over, and nothing was written."""
        percent = self.PROGRESS[columns["step"]] if "step" in columns else 0
        with connection.cursor() as cursor:
            cursor.execute(writing(tuple(columns)), [*prepared(columns), percent, self.pk, self.fence])
            if not cursor.rowcount:
                return False
        for name, value in columns.items():
            setattr(self, name, value)
        self.most_progress = max(self.most_progress, percent)
        return True

    def end(self, state: str, at: datetime | None = None, **columns: Any) -> bool:
        """Write the end, its event and its notices, once: False where the claim was taken over or it had ended. In a
        transaction. `at` is now, where somebody has just asked the database."""
        if not self.write(state=state, finished_at=at or clock.now(), **columns):
            return False
        Event.objects.record_all([self.ended(state, self.error_code)])
        Notice.objects.record_ends([self.pk])
        return True

    def postpone(self, seconds: float) -> None:
        """Let others go first: this turn came to nothing, and counts as one that was never given back."""
        self.write(due_at=clock.now() + timedelta(seconds=seconds))

    def seize(self) -> "Operation":
        """Take it out of whatever hands it is in. To be called with its VPS's row locked."""
        Operation.objects.filter(id=self.pk).update(fence=models.F("fence") + 1)
        seized: Operation = Operation.objects.hydrated().get(id=self.pk)
        return seized

    def may_meet_tasks_of_others(self, within: timedelta) -> bool:
        """Whether its guest may have tasks that no operation of its VPS knows: one ended so lately without hearing of
        its own, or nothing was sent on behalf of this VPS yet, and the guest may have been another's."""
        found = IS_IN_DOUBT.all(vps=self.vps_id, id=self.pk, within=within)
        # None where there is none before.
        return found != [(False,)]

    def ended(self, state: str, code: str) -> Event:
        """The event that tells of its end, not yet written."""
        return Event(
            type=f"operation.{state}",
            vps_id=self.vps_id,
            user_id=self.vps and self.vps.user_id,
            by_id=self.requested_by_id,
            source=Event.Source.SYSTEM,
            operation=self,
            data={"kind": self.kind} | ({"code": code} if code else {}),
        )

    def asked_by(self, reader: Any) -> str | None:
        """Who asked for it, as this customer is told."""
        return username_for(reader, self.requested_by, self.source)

    def public(self, reader: Any = None) -> "OperationShape":
        """The operation as the contract shows it to this customer. Without a reader, to the main site: with all names."""
        full_name = self.requested_by.username if self.requested_by else None
        return {
            "id": self.pk,
            "vps_id": self.vps_id,
            "kind": self.kind,
            "state": self.state,
            "progress": self.progress,
            "error": {"code": self.error_code, "message": str(self.failure)} if self.error_code else None,
            "requested_by": full_name if reader is None else self.asked_by(reader),
            "created_at": rfc3339(self.created_at),
            "started_at": rfc3339(self.started_at),
            "finished_at": rfc3339(self.finished_at),
        }


FAILURE = {
    "code": text("A stable word for programs.", "guest_did_not_shut_down", maxLength=40),
    "message": text("A sentence for the customer.", "The server was deleted meanwhile."),
}
STATE = one_of("`succeeded`: the guest was seen in the state that was asked for.", Operation.State.values)
REQUESTED_BY = text(
    "By username. Staff are `staff`; other customers are null, and so are the main site and the panel.",
    "alice",
    maxLength=150,
)


class OperationShape(TypedDict):
    """Something asked of a VPS that takes time. Poll it, or read its events."""

    id: Annotated[int, whole("The operation's id.", 9, minimum=1)]
    vps_id: Annotated[int | None, or_null(row_id("The VPS.", 17))]
    kind: str
    state: Annotated[str, STATE]
    progress: Annotated[int, whole("Percent.", 0, minimum=0, maximum=100)]
    error: Annotated[dict[str, str] | None, mostly_null(thing(FAILURE, "Why it failed."))]
    requested_by: Annotated[str | None, or_null(REQUESTED_BY)]
    created_at: Annotated[str, moment("When it was asked for.")]
    started_at: Annotated[str | None, mostly_null(moment("When work on it began."))]
    finished_at: Annotated[str | None, mostly_null(moment("When it ended."))]
