"""Who calls the API: the main site by its key, a customer by a JWT. REST framework calls these classes."""

import hmac
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken
from rest_framework_simplejwt.tokens import Token

from accounts.models import User


class InvalidApiKey(exceptions.APIException):
    status_code = 401
    default_code = "invalid_api_key"
    default_detail = "Invalid or missing API key"


class MainSite:
    """The caller that holds the sync key. It is no user."""

    is_authenticated = True


class ApiKeyAuthentication(BaseAuthentication):
    """`X-API-Key`, one of settings.VPS_SYNC_API_KEYS: two of them during a rotation."""

    def authenticate(self, request: Request) -> tuple[Any, None]:
        if not is_valid_key(request.headers.get("X-API-Key", "")):
            raise InvalidApiKey
        return MainSite(), None


def is_valid_key(given: str) -> bool:
    """In constant time, as bytes: text that is not ASCII cannot be compared so."""
    matches = [hmac.compare_digest(given.encode(), key.encode()) for key in settings.VPS_SYNC_API_KEYS]
    return any(matches)


class BadToken(exceptions.APIException):
    """No AuthenticationFailed: REST turns that into 403 on doors that authenticate nobody, such as refresh."""

    status_code = 401
    default_code = "invalid_token"
    default_detail = _("The token is not valid, or has expired. Please log in again.")


class TokenAuthentication(JWTAuthentication):
    """`Authorization: Bearer <access>`. Dead at once when its user is deactivated or changes the password."""

    def authenticate(self, request: Request) -> Any:
        try:
            return super().authenticate(request)
        except (InvalidToken, AuthenticationFailed) as error:
            raise BadToken from error

    def get_user(self, validated_token: Token) -> Any:
        user = super().get_user(validated_token)
        if not isinstance(user, User) or validated_token.get("version") != user.token_version:
            raise BadToken
        return user


class KeyOrTokenAuthentication(BaseAuthentication):
    """For a door of both: who sends X-API-Key is the main site or nobody, and who does not comes with a token."""

    def authenticate(self, request: Request) -> Any:
        way: BaseAuthentication = TokenAuthentication()
        if "X-API-Key" in request.headers:
            way = ApiKeyAuthentication()
        return way.authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        return TokenAuthentication().authenticate_header(request)
