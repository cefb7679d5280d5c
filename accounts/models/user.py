"""The table `users`. Everybody who logs in is a row here; the main site's VPSs name their owner by its id."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class PanelUserManager(UserManager["User"]):
    def get_by_login(self, login: str) -> "User | None":
        """The user of that username or e-mail address, in any case of letters."""
        return self.filter(models.Q(username__iexact=login) | models.Q(email__iexact=login)).order_by("id").first()


class User(AbstractUser):
    """A customer or a member of the staff. `token_version` stands in every JWT: raising it ends them all at once."""

    id = models.AutoField(primary_key=True)
    email = models.EmailField(_("email address"))
    token_version = models.IntegerField(default=0, db_default=0, editable=False)

    objects: ClassVar[PanelUserManager] = PanelUserManager()

    class Meta(AbstractUser.Meta):
        db_table = "users"
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="an_email_address_belongs_to_one_user",
                violation_error_message=_("Somebody has this e-mail address already."),
            ),
            models.UniqueConstraint(Lower("username"), name="a_username_is_taken_once_in_any_case"),
        ]

    def check_password(self, raw_password: Any) -> bool:
        """A hash that is only made anew, at today's cost, is of the same password: its tokens live on."""
        version = self.token_version
        is_right = super().check_password(raw_password)
        self.token_version = version
        return is_right

    def set_password(self, raw_password: str | None) -> None:
        """A new password ends every token that the old one bought."""
        super().set_password(raw_password)
        self.token_version += 1
