"""Links by which the main site lets a customer in without a password: made for a minute, used once.

accounts.login_link_api makes them, accounts.pages uses them. The table knows the SHA-256 of a token alone. The token itself
stands in the answer, which `@idempotent` keeps for its 48 hours where it was asked to: by then it has long been dead.
"""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.shortcuts import resolve_url
from django.urls import Resolver404, resolve

from accounts import people
from accounts.errors import UserInactive
from accounts.models import LoginLink, User

log = logging.getLogger(__name__)
LIFE = timedelta(seconds=60)
LONGEST_NEXT = 500
# The first words of paths that nobody is sent to from a login.
NO_PAGES = {"api", "admin", "language", "login", "logout", "password", "email"}


@dataclass(frozen=True)
class NewLink:
    user_id: int
    token: str
    expires_at: datetime


@dataclass(frozen=True)
class Admission:
    """Who may come in, and the path that they go to."""

    user: User
    next: str


@transaction.atomic
def make(next: str, id: int | None = None, external_id: str | None = None) -> NewLink:
    """For the user of this id, or of this id of the main site's own, whose older link ends. `next` is one that `is_page`
    takes, or empty for the first page.

    Raises UserNotFound, StaffAccount, UserInactive.
    """
    user = people.locked(id, external_id)
    if not user.is_active:
        raise UserInactive
    token = secrets.token_urlsafe(32)
    LoginLink.objects.filter(user=user).delete()
    link = LoginLink.objects.create(user=user, token_hash=hashed(token), next=next, expires_at=Now() + LIFE)
    link.refresh_from_db()
    return NewLink(user.pk, token, link.expires_at)


def is_live(token: str) -> bool:
    """Whether it would let somebody in now. It burns nothing."""
    return live(token) is not None


def is_one(token: str) -> bool:
    """Whether it was made by us, and its user has had no newer one: who comes with it guesses nothing."""
    return LoginLink.objects.filter(token_hash=hashed(token)).exists()


@transaction.atomic
def use(token: str) -> Admission | None:
    """Burn it. Of many at once one is let in; None says no more than that this link lets nobody in."""
    link = live(token, for_use=True)
    if link is None:
        return None
    LoginLink.objects.filter(pk=link.pk).update(used_at=Now())
    log.info("User %s was let in by a link of the main site", link.user_id)
    return Admission(link.user, link.next if is_page(link.next) else resolve_url(settings.LOGIN_REDIRECT_URL))


def live(token: str, *, for_use: bool = False) -> LoginLink | None:
    """Whoever waited for its row finds it used: PostgreSQL looks again at what it has locked."""
    links = LoginLink.objects.select_for_update(of=("self",)) if for_use else LoginLink.objects.all()
    link = links.select_related("user").filter(token_hash=hashed(token), used_at=None, expires_at__gt=Now()).first()
    return link if link and link.user.is_active and not link.user.is_of_the_staff else None


def hashed(token: str) -> str:
    """Of 256 random bits: it needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_page(path: str) -> bool:
    """Whether this is the path of a page of ours, as it stands: nothing that a browser would read in another way."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        return False
    page = urlsplit(path).path
    if page.split("/")[1] in NO_PAGES:
        return False
    try:
        resolve(page)
    except Resolver404:
        return False
    return True
