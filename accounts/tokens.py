"""JWTs: given at login, exchanged once, ended at logout. accounts.api calls it."""

from dataclasses import dataclass

from django.db import transaction
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.authentication import BadToken
from accounts.models import User


@dataclass(frozen=True)
class Pair:
    access: str
    refresh: str


def issue(user: User) -> Pair:
    """Both carry the user's token_version: raising it ends them."""
    refresh = RefreshToken.for_user(user)
    refresh["version"] = user.token_version
    return Pair(str(refresh.access_token), str(refresh))


@transaction.atomic
def exchange(refresh: str) -> Pair:
    """A new pair for a refresh token, which dies: of twenty at once, one gets it. Raises BadToken."""
    return issue(spend(refresh))


@transaction.atomic
def revoke(refresh: str) -> None:
    """Log out. A token that is dead already is fine."""
    try:
        spend(refresh)
    except BadToken:
        return


def spend(refresh: str) -> User:
    """The row of the token is locked, so that it is spent once however many ask together."""
    try:
        token = RefreshToken(refresh)  # type: ignore[arg-type]  # the stubs want bytes; the library takes text
    except TokenError as error:
        raise BadToken from error
    row = OutstandingToken.objects.select_for_update(of=("self",)).filter(jti=token["jti"]).first()
    user = (
        row
        and User.objects.filter(outstandingtoken=row, is_active=True, token_version=token.get("version", -1)).first()
    )
    if not row or not user or BlacklistedToken.objects.filter(token=row).exists():
        raise BadToken
    BlacklistedToken.objects.create(token=row)
    return user
