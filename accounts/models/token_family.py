"""A login by a program, and the refresh tokens that have come of it, one out of the other. accounts.tokens alone writes it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.user import User


class TokenFamily(models.Model):
    """`newest` is the id of the one refresh token that is good; all before it are spent. `expires_at` is its own.

    One that has ended stays until then, and says why it ended.
    """

    class Ended(models.TextChoices):
        LOGGED_OUT = "logged_out"
        REUSED = "reused"

    id = models.CharField(primary_key=True, max_length=64)
    user = models.ForeignKey(User, models.CASCADE, related_name="token_families")
    newest = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=20, choices=Ended.choices, blank=True, db_default="", default="")

    objects: ClassVar[models.Manager["TokenFamily"]] = models.Manager()

    class Meta:
        db_table = "token_families"
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_why="") | (Q(ended_at__isnull=False) & ~Q(ended_why="")),
                name="a_family_that_has_ended_says_why",
            )
        ]
        indexes = [models.Index(fields=["expires_at"], name="token_families_by_end")]

    def __str__(self) -> str:
        return f"Tokens of user {self.user_id}"
