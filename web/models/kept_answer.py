"""What was answered under an Idempotency-Key, for whoever sends the same again. web.idempotency alone writes it."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class KeptAnswer(models.Model):
    """One a caller, path and key. `fingerprint` is that of the request's body; `body` is the answer's, as it was sent."""

    caller = models.CharField(max_length=40)
    path = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, db_column="asked")
    status = models.SmallIntegerField()
    body = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager["KeptAnswer"]] = models.Manager()

    class Meta:
        db_table = "kept_answers"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["caller", "path", "key"], name="a_key_is_answered_once"),
            models.CheckConstraint(condition=models.Q(status__gte=200, status__lte=299), name="only_success_is_kept"),
        ]
        indexes = [models.Index(fields=["created_at"], name="kept_answers_by_age")]

    def __str__(self) -> str:
        return f"{self.caller}: {self.path}, {self.key}"
