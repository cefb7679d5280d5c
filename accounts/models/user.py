"""The table `users`. Everybody who logs in is a row here; what people own names them by its id."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models.functions import Collate, Lower
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from accounts import hashing
from web.rows import array
from web.statements import Found, Statement

IS_TAKEN = {
    "username": _("This login is already taken."),
    "email": _("Somebody has this e-mail address already."),
}
# By code points, whatever language the database was made for: so the beginning of one is found by an index.
BY_USERNAME = Collate(Lower("username"), "C")
BY_EMAIL = Collate(Lower("email"), "C")
# The advisory lock of whoever gives names.
NAMING = 0x6E01


class PanelUserManager(UserManager["User"]):
    def get_by_login(self, login: str) -> "User | None":
        """The user of that username or e-mail address, in any case of letters."""
        return self.filter(called(login)).first()

    def customers(self) -> models.QuerySet["User"]:
        """All but the staff, of whom the main site is told nothing."""
        return self.filter(is_staff=False, is_superuser=False)

    def wait_to_name(self) -> None:
        """Until this transaction ends nobody else gives names, in whatever way: what `fields_taken` says stays true.

        The triggers of migration 0005 wait for the same lock.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [NAMING])

    def staying(self, ids: Iterable[int], read: Callable[[Found], object]) -> Statement:
        """Finds those of these ids that are there: until this transaction ends nobody deletes them."""
        text = "SELECT id FROM users WHERE id = ANY(%s::bigint[]) ORDER BY id FOR KEY SHARE"
        return Statement(text, [array(ids)], read)

    def fields_taken(self, user: "User", among: Iterable[str] = IS_TAKEN) -> list[str]:
        """Which of this user's names, by their fields, somebody else logs in by."""
        others = self.exclude(pk=user.pk)
        names = {field: getattr(user, field) for field in IS_TAKEN if field in among}
        return [field for field, name in names.items() if name and others.filter(called(name)).exists()]


def called(login: str) -> models.Q:
    """Lower on both sides, as in the constraints: by their indexes, and alike for every alphabet."""
    return is_called("username", login) | is_called("email", login)


def is_called(field: str, name: str) -> models.Q:
    """Whose username, or e-mail address, this is."""
    return models.Q(Exact(Lower(field), Lower(models.Value(name))))


class User(AbstractUser):
    """A customer or a member of the staff. `token_version` stands in every JWT and session: raising it ends them at once.

    A login name, which is a username or an e-mail address, means one person: what the constraints below cannot say of
    that, the triggers of migration 0005 do.
    """

    id = models.AutoField(primary_key=True)
    email = models.EmailField(_("email address"))
    external_id = models.CharField(  # noqa: DJ001  many have none, and none are equal
        _("id at the main site"), max_length=191, null=True, blank=True
    )
    token_version = models.IntegerField(default=0, db_default=0, editable=False)

    objects: ClassVar[PanelUserManager] = PanelUserManager()

    class Meta(AbstractUser.Meta):
        db_table = "users"
        indexes = [
            models.Index(BY_USERNAME, name="users_by_username"),
            models.Index(BY_EMAIL, name="users_by_email"),
            models.Index(fields=["id"], condition=models.Q(is_active=False), name="users_locked_out"),
            models.Index(fields=["id"], condition=models.Q(is_staff=True), name="users_of_the_staff"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="an_email_address_belongs_to_one_user",
                violation_error_message=IS_TAKEN["email"],
            ),
            models.UniqueConstraint(Lower("username"), name="a_username_is_taken_once_in_any_case"),
            models.UniqueConstraint(fields=["external_id"], name="an_external_id_means_one_user"),
            models.CheckConstraint(condition=~models.Q(external_id=""), name="a_users_external_id_is_not_empty"),
        ]

    @property
    def is_of_the_staff(self) -> bool:
        return self.is_staff or self.is_superuser

    @property
    def caller_name(self) -> str:
        """By which the answers to this user's requests are kept."""
        return f"user {self.pk}"

    def clean(self) -> None:
        """For the admin's forms, which save in the same transaction."""
        super().clean()
        User.objects.wait_to_name()
        if taken := User.objects.fields_taken(self):
            raise ValidationError({field: IS_TAKEN[field] for field in taken})

    def get_session_auth_hash(self) -> str:
        """A session ends with the tokens, and does not come back with them."""
        return f"{self.token_version}:{super().get_session_auth_hash()}"

    def has_usable_password(self) -> bool:
        """An empty column, as of rows that were written by hand, is none."""
        return bool(self.password) and super().has_usable_password()

    def check_password(self, raw_password: Any) -> bool:
        """A hash that is only made anew, at today's cost, is of the same password: its tokens live on."""
        version = self.token_version
        with hashing.slot():
            is_right = super().check_password(raw_password)
        self.token_version = version
        return is_right

    def set_password(self, raw_password: str | None) -> None:
        """A new password ends every token that the old one bought."""
        with hashing.slot():
            super().set_password(raw_password)
        self.token_version += 1
