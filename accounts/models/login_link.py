"""A link that logs one customer in, once. accounts.login_links alone writes it."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models.user import User


class LoginLink(models.Model):
    """A user has one at most, so a newer one ends the older. `token_hash` is the SHA-256 of what stands in the link.

    `next` is a path of the panel, or empty for the first page.
    """

    user = models.OneToOneField(User, models.CASCADE, related_name="login_link")
    token_hash = models.CharField(max_length=64)
    next = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["LoginLink"]] = models.Manager()

    class Meta:
        db_table = "login_links"
        constraints = [models.UniqueConstraint(fields=["token_hash"], name="a_login_link_means_one_user")]

    def __str__(self) -> str:
        return f"Login link of user {self.user_id}"
