"""A link that a mail brings to one person, good once. accounts.mail_links writes it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models.user import User


class MailLinkQuerySet(models.QuerySet["MailLink"]):
    def standing(self) -> "MailLinkQuerySet":
        """Those whose time is not over and whose user is still who they were made for, whether they are used or not."""
        is_present = Q(purpose=MailLink.Purpose.CONFIRM_NEW_EMAIL) | Q(address=F("user__email"))
        return self.filter(
            is_present, expires_at__gt=Now(), user__is_active=True, token_version=F("user__token_version")
        )


class MailLink(models.Model):
    """A user has one at most for each purpose, so a newer one ends the older. `token_hash` is the SHA-256 of its secret.

    `address` is where it is sent, and `token_version` the user's when it was made: whoever has another address or another
    password by now, or was shut out meanwhile, is not served by it.
    """

    class Purpose(models.TextChoices):
        RESET_PASSWORD = "reset_password"  # noqa: S105  a word
        CONFIRM_OLD_EMAIL = "confirm_old_email"
        CONFIRM_NEW_EMAIL = "confirm_new_email"

    user = models.ForeignKey(User, models.CASCADE, related_name="mail_links", db_index=False)
    purpose = models.CharField(max_length=30, choices=Purpose.choices)
    token_hash = models.CharField(max_length=64)
    address = models.EmailField()
    token_version = models.IntegerField()
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = MailLinkQuerySet.as_manager()

    class Meta:
        db_table = "mail_links"
        constraints = [
            models.UniqueConstraint(fields=["token_hash"], name="a_mails_link_means_one_user"),
            models.UniqueConstraint(fields=["user", "purpose"], name="a_user_has_one_mail_link_a_purpose"),
        ]

    def __str__(self) -> str:
        return f"Link of user {self.user_id}: {self.purpose}"
