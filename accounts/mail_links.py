"""Links that mails bring: made for half an hour, good once. Who writes such mails makes them, and pages of links use them.

The table knows the SHA-256 of a token alone. A token is made as its mail is written, and stands nowhere else. A link dies
with whatever it was made under: the user's password, address and leave to log in.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.functions import Now

from accounts.models import MailLink, User

LIFE = timedelta(minutes=30)
Purpose = MailLink.Purpose


@dataclass(frozen=True)
class NewLink:
    """What its mail names."""

    token: str
    expires_at: datetime


def lock(user_id: int) -> User | None:
    """The user as they are. Whoever writes links of theirs locks them first, so until this transaction ends nobody does."""
    return User.objects.select_for_update(no_key=True).filter(pk=user_id).first()


def make(user: User, purpose: Purpose, address: str) -> NewLink:
    """The older link of this user and purpose ends."""
    MailLink.objects.filter(user=user, purpose=purpose).delete()
    token = new_token()
    columns = {"address": address, "token_version": user.token_version, "expires_at": Now() + LIFE}
    link = MailLink.objects.create(user=user, purpose=purpose, token_hash=hashed(token), **columns)
    link.refresh_from_db()
    return NewLink(token, link.expires_at)


def renew(link: MailLink) -> NewLink:
    """Another token of a link whose time runs already. The token before ends."""
    token = new_token()
    MailLink.objects.filter(pk=link.pk).update(token_hash=hashed(token))
    return NewLink(token, link.expires_at)


def live(token: str, *purposes: Purpose) -> MailLink | None:
    """The link of this token, if it is for one of these purposes and good now. It burns nothing."""
    links = MailLink.objects.standing().select_related("user")
    return links.filter(token_hash=hashed(token), purpose__in=purposes, used_at=None).first()


def burn(link: MailLink) -> None:
    MailLink.objects.filter(pk=link.pk).update(used_at=Now())


def is_one(token: str) -> bool:
    """Whether it was made by us, and its user has had no newer one: who comes with it guesses nothing."""
    return MailLink.objects.filter(token_hash=hashed(token)).exists()


def new_token() -> str:
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """Of 256 random bits: it needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()
