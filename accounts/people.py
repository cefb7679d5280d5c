"""What becomes of people's accounts: verbs of one transaction each, which may be repeated.

accounts.sync_api calls them for the main site. Whoever shuts somebody out, or lets them in again, calls `deactivate` or
`activate`, and never writes `is_active` alone.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts import standing
from accounts.errors import (
    EmailTaken,
    ExternalIdMismatch,
    ExternalIdTaken,
    StaffAccount,
    UsernameTaken,
    UserNotFound,
)
from accounts.models import LoginLink, User

TAKEN = {"username": UsernameTaken, "email": EmailTaken}


@transaction.atomic
def create(columns: dict[str, Any]) -> tuple[User, bool]:
    """The user of this external_id, and whether they are new; who is there already is left as they are.

    New ones have no password that works. Raises StaffAccount, UsernameTaken, EmailTaken.
    """
    User.objects.wait_to_name()
    if user := User.objects.filter(external_id=columns["external_id"]).first():
        return refuse_staff(user), False
    user = User(**columns)
    user.set_unusable_password()
    refuse_taken(user, TAKEN)
    user.save()
    return user, True


@transaction.atomic
def update(id: int | None, external_id: str | None, columns: dict[str, Any]) -> User:
    """Set these columns; `is_active` lets in or shuts out. With both ids, a user who has no external_id gets this one.

    Raises UserNotFound, StaffAccount, UsernameTaken, EmailTaken, ExternalIdMismatch, ExternalIdTaken.
    """
    User.objects.wait_to_name()
    user = locked(id, external_id)
    be_active = columns.get("is_active", user.is_active)
    changes = {name: value for name, value in columns.items() if name != "is_active"}
    if external_id and user.external_id != external_id:
        refuse_another_id(user, external_id)
        changes["external_id"] = external_id
    for name, value in changes.items():
        setattr(user, name, value)
    refuse_taken(user, changes)
    user.save(update_fields=list(changes))
    if be_active != user.is_active:
        (activate if be_active else deactivate)(user)
    return user


@transaction.atomic
def dismiss(id: int | None, external_id: str | None) -> tuple[User, bool]:
    """The user, shut out, and whether they were so already. Raises UserNotFound, StaffAccount, ExternalIdMismatch."""
    user = locked(id, external_id)
    if external_id and user.external_id != external_id:
        raise ExternalIdMismatch
    was_active = user.is_active
    if was_active:
        deactivate(user)
    return user, not was_active


@transaction.atomic
def deactivate(user: User) -> None:
    """Shut out: tokens, sessions and the login link are dead, and stay so whoever lets the user in again."""
    User.objects.filter(pk=user.pk).update(is_active=False, token_version=F("token_version") + 1)
    LoginLink.objects.filter(user=user).delete()
    standing.announce(user.pk)
    user.refresh_from_db()


def activate(user: User) -> None:
    """Let in again. What was left open by somebody who was shut out otherwise, as by hand in the database, ends here."""
    User.objects.filter(pk=user.pk).update(is_active=True, token_version=F("token_version") + 1)
    standing.announce(user.pk)
    user.refresh_from_db()


def locked(id: int | None, external_id: str | None) -> User:
    """By `id` where both are given. The row is locked but for its key, which rows of theirs hold that are just being written.

    Raises UserNotFound, StaffAccount.
    """
    named = {"external_id": external_id} if id is None else {"pk": id}
    user = User.objects.select_for_update(no_key=True).filter(**named).first()
    if user is None:
        raise UserNotFound
    return refuse_staff(user)


def refuse_staff(user: User) -> User:
    if user.is_of_the_staff:
        raise StaffAccount
    return user


def refuse_another_id(user: User, external_id: str) -> None:
    if user.external_id:
        raise ExternalIdMismatch
    if User.objects.filter(external_id=external_id).exists():
        raise ExternalIdTaken


def refuse_taken(user: User, names: Iterable[str]) -> None:
    for field in User.objects.fields_taken(user, names):
        raise TAKEN[field]
