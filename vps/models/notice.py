"""How something ended that a person started, or that happened to a person's server, kept until that person has seen it.

An operation's end writes it, in the same transaction, and so does the deletion of a VPS. A row has no words: pages say it
in the reader's language, and what tells of it by another way does the same.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now

from vps import notify
from vps.models.failures import sentence_of
from vps.models.history import link_that_outlives
from web.errors import Sentence
from web.rows import array
from web.statements import Found, Statement, run

# Whoever asked is told the end, unless the server is another customer's by now; that it went well, or was overtaken, only
# where it was asked for on a page: a program has its answer, and nobody wants hundreds of them after a month. The owner is
# told what failed, whoever asked, but for the panel itself. Of one server only the last end is news.
RECORD_ENDS = """
    WITH ended AS (
        SELECT operations.id, vps_id, kind, is_forced, finished_at, requested_by_id, source, user_id AS owner_id,
            coalesce(name, '') AS name, error_code = 'vps_deleted' AS is_deleted,
            CASE
                WHEN state = 'succeeded' THEN 'done'
                WHEN error_code = 'superseded' THEN 'overtaken'
                ELSE 'failed'
            END AS outcome
        FROM operations LEFT JOIN vps ON vps.id = vps_id
        WHERE operations.id = ANY(%s) AND source <> 'system'
    ), for_readers AS (
        SELECT ended.*, owner_id AS reader FROM ended
        WHERE owner_id IS NOT NULL AND NOT is_deleted AND (
            outcome = 'failed' OR (requested_by_id = owner_id AND source IN ('page', 'admin'))
        )
        UNION
        SELECT ended.*, users.id FROM ended JOIN users ON users.id = requested_by_id AND (is_staff OR is_superuser)
        WHERE owner_id IS DISTINCT FROM users.id AND (outcome = 'failed' OR source IN ('page', 'admin'))
    ), news_no_more AS (
        UPDATE notices SET seen_at = now() FROM for_readers
        WHERE notices.vps_id = for_readers.vps_id AND user_id = reader AND seen_at IS NULL AND operation_id < for_readers.id
    )
    INSERT INTO notices (user_id, vps_id, vps_name, operation_id, kind, is_forced, outcome, created_at)
    SELECT reader, vps_id, name, id, kind, is_forced, outcome, finished_at FROM for_readers ORDER BY id, reader
    ON CONFLICT DO NOTHING RETURNING user_id
"""
# What failed on a server that is gone is no news either.
RECORD_DELETIONS = """
    WITH gone AS (
        SELECT * FROM unnest(%s::int[], %s::text[], %s::int[]) AS gone (vps_id, vps_name, user_id)
    ), news_no_more AS (
        UPDATE notices SET seen_at = now() FROM gone
        WHERE notices.vps_id = gone.vps_id AND notices.user_id = gone.user_id AND seen_at IS NULL
    )
    INSERT INTO notices (user_id, vps_id, vps_name, outcome) SELECT user_id, vps_id, vps_name, 'deleted' FROM gone
    ON CONFLICT DO NOTHING RETURNING user_id
"""


def notify_readers(found: Found) -> None:
    notify.notices({user_id for (user_id,) in found})


class NoticeQuerySet(models.QuerySet["Notice"]):
    def record_ends(self, operation_ids: Iterable[int]) -> None:
        """Of these operations, which have just ended and whose VPSs are locked: in one statement. A repeat writes nothing."""
        self.insert(RECORD_ENDS, [array(operation_ids)])

    def record_deletions(self, rows: Iterable[dict[str, Any]]) -> Statement:
        """Of these VPSs, as the rows that their tombstones keep, whose owners may have a page of theirs open."""
        facts = zip(*((row["id"], row["name"], row["user_id"]) for row in rows), strict=True)
        return Statement(RECORD_DELETIONS, [array(values) for values in facts], notify_readers)

    def insert(self, statement: str, parameters: list[Any]) -> None:
        run([Statement(statement, parameters, notify_readers)])

    def unseen(self) -> "NoticeQuerySet":
        return self.filter(seen_at=None)

    def unseen_by(self, user: Any) -> "NoticeQuerySet":
        """The newest first, with all that is said of each."""
        return self.unseen().filter(user=user).select_related("operation", "vps").order_by("-id")

    @transaction.atomic
    def dismiss(self) -> None:
        """These have been seen. Nobody is waited for: what is being written to just now is left as it is."""
        free = self.unseen().select_for_update(of=("self",), skip_locked=True).values("pk")
        self.model.objects.filter(pk__in=free).update(seen_at=Now())


class Notice(models.Model):
    """`vps_name` is the server's name then. Of a deletion there is no operation, no `kind` and no server any more."""

    class Outcome(models.TextChoices):
        DONE = "done"
        FAILED = "failed"
        OVERTAKEN = "overtaken"
        DELETED = "deleted"

    # A user who goes takes them along, whatever deletes the row: the database does it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="notices"
    )
    vps = link_that_outlives("vps.Vps", "notices", db_index=False)
    vps_name = models.CharField(max_length=255)
    operation = link_that_outlives("vps.Operation", "notices", db_index=False)
    kind = models.CharField(max_length=10, default="", db_default="")
    is_forced = models.BooleanField(default=False, db_default=False)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    created_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = NoticeQuerySet.as_manager()

    class Meta:
        db_table = "notices"
        indexes = [
            models.Index(fields=["user", "-id"], condition=models.Q(seen_at=None), name="unseen_notices_of_a_user"),
            models.Index(fields=["vps", "user"], condition=models.Q(seen_at=None), name="unseen_notices_of_a_vps"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "operation"], name="one_notice_an_operation_and_user"),
            models.UniqueConstraint(
                fields=["vps", "user"], condition=models.Q(outcome="deleted"), name="a_deletion_is_told_once"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="deleted", operation=None)
                | models.Q(outcome__in=["done", "failed", "overtaken"], operation__isnull=False),
                name="a_notice_is_of_an_operation_or_a_deletion",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vps_name}: {self.outcome}"

    @property
    def reason(self) -> Sentence:
        """Why it failed, or ''."""
        return sentence_of(self.operation.error_code) if self.operation and self.operation.error_code else ""

    @property
    def stays(self) -> bool:
        """Whether the reader has to put it away: all but a failure has been seen once it was shown for a while."""
        return self.outcome == self.Outcome.FAILED
