"""JWTs: given at login, exchanged once, ended at logout. accounts.api, .authentication and .callers call it.

A refresh token that was spent and comes again was copied, and nobody can tell by whom: all that has come of its login ends
(RFC 9700, 4.14.2).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import CharField, QuerySet
from django.db.models.functions import Now
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from accounts import claims, standing
from accounts.claims import Claims
from accounts.errors import BadToken
from accounts.models import TokenFamily, User
from web.compiled_query import CompiledQuery, Parameter, Question, all_of, whole

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pair:
    access: str
    refresh: str


@dataclass(frozen=True)
class Bearer:
    """Whose access token it is, and until when, in seconds since 1970. `found` is what was asked for along with it."""

    user: User
    until: int
    found: list[Any] | None = None


def bearers() -> QuerySet[User]:
    return User.objects.filter(pk=whole("id"), is_active=True, token_version=whole("version"))


def bearers_of_family() -> QuerySet[User]:
    family = Parameter("family", CharField())
    return bearers().filter(token_families__id=family, token_families__ended_at=None)


# Each request of a customer's program asks who it is.
BEARERS, BEARERS_OF_FAMILY = CompiledQuery(bearers), CompiledQuery(bearers_of_family)


def bearer(access: str, along: Callable[[int], Question | None] | None = None) -> Bearer:
    """Dead at once when its user is deactivated or changes the password, and when its login ends. Raises BadToken.

    `along` gives what else is asked in the same round trip, by the id of whoever it is said to be: nobody is given what that
    finds unless they are.
    """
    given = claims.read(access, "access")
    who = {"id": given.user_id, "version": given.version, "family": given.family}
    more = along(given.user_id) if along else None
    users, *found = all_of((BEARERS_OF_FAMILY if given.family else BEARERS, who), *([more] if more else []))
    if not users:
        raise BadToken
    return Bearer(users[0], given.expires_at, *found)


def issue(user: User) -> Pair:
    """At login: the first of a family."""
    token = RefreshToken()
    family = token["jti"]
    TokenFamily.objects.create(pk=family, user=user, newest=token["jti"], expires_at=end_of(token))
    return signed(token, user, family)


def exchange(refresh: str) -> Pair:
    """A new pair for a refresh token, which is spent: of twenty at once, one gets it. Raises BadToken.

    The others of the twenty found it good when they came, so they are copies of one request and no thief's: they are
    refused, and the family lives on. Whoever comes later ends it.
    """
    given = claims.read(refresh, "refresh")
    family = live_family(given)
    if family is None:
        raise BadToken
    if family.newest != given.id:
        end(family, TokenFamily.Ended.REUSED)
        raise BadToken
    token = RefreshToken()
    mine = TokenFamily.objects.filter(pk=family.pk, newest=given.id, ended_at=None)
    if not mine.update(newest=token["jti"], expires_at=end_of(token)):
        raise BadToken
    return signed(token, family.user, family.pk)


def revoke(refresh: str) -> None:
    """Log out: all of the family ends, whichever of its tokens comes. One that is dead already is fine."""
    try:
        family = live_family(claims.read(refresh, "refresh"))
    except BadToken:
        return
    if family:
        end(family, TokenFamily.Ended.LOGGED_OUT)


def live_family(given: Claims) -> TokenFamily | None:
    if not given.family:
        adopt(given)
    alive = TokenFamily.objects.filter(user=given.user_id, user__is_active=True, user__token_version=given.version)
    return alive.select_related("user").filter(pk=given.family or given.id, ended_at=None).first()


def adopt(given: Claims) -> None:
    """A refresh token of before there were families founds one under its own id, unless it was spent then already.

    Once no token of release 0.3 can be good any more, which is 14 days after the upgrade, nothing comes here.
    """
    unspent = OutstandingToken.objects.filter(jti=given.id, user=given.user_id, blacklistedtoken=None).first()
    if unspent:
        family = TokenFamily(pk=given.id, user_id=given.user_id, newest=given.id, expires_at=moment(given.expires_at))
        TokenFamily.objects.bulk_create([family], ignore_conflicts=True)


def end(family: TokenFamily, why: TokenFamily.Ended) -> None:
    ended = TokenFamily.objects.filter(pk=family.pk, ended_at=None).update(ended_at=Now(), ended_why=why)
    standing.announce(family.user_id)
    if ended and why == TokenFamily.Ended.REUSED:
        log.warning(
            "A spent refresh token of user %s came again: its login of %s has ended",
            family.user_id, family.created_at,
        )  # fmt: skip


def signed(token: RefreshToken, user: User, family: str) -> Pair:
    """Both carry the user's token_version: raising it ends them."""
    token["user_id"], token["version"], token["family"] = str(user.pk), user.token_version, family
    return Pair(str(token.access_token), str(token))


def end_of(token: RefreshToken) -> datetime:
    return moment(token["exp"])


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
