"""Who calls the API: the main site by its key, a customer by a JWT. REST framework calls these classes."""

import hmac
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from accounts import limits, tokens
from accounts.addresses import network_of
from accounts.errors import BadToken
from accounts.models import User
from accounts.tokens import Bearer
from web.compiled_query import Question
from web.errors import InvalidInput, PanelError
from web.limits import Count

WANTS_KEY = "Invalid or missing API key: this address takes the main site's X-API-Key, and no Bearer token."
WANTS_TOKEN = _("This address takes a customer's token (Authorization: Bearer …), and no X-API-Key.")


class InvalidApiKey(PanelError):
    status = 401
    code = "invalid_api_key"
    message = "Invalid or missing API key"


class MainSite:
    """The caller that holds the sync key, whichever there are. It is no user."""

    is_authenticated = True
    caller_name = "main site"


class ApiKeyAuthentication(BaseAuthentication):
    """`X-API-Key`, one of settings.MAIN_SITE_API_KEYS: two of them during a rotation. Wrong ones alone are counted.

    Who comes with a token and no key is told which of them belongs here.
    """

    def authenticate(self, request: Request) -> tuple[Any, None]:
        given = request.headers.get("X-API-Key", "")
        if is_valid_key(given):
            return MainSite(), None
        if not given and credentials_of(request)[0] == "Bearer":
            raise InvalidApiKey(WANTS_KEY)
        if given:
            network = network_of(request._request)
            limits.spend(Count(limits.KEYS_OF_NETWORK, network), Count(limits.KEYS_OF_ALL))
        raise InvalidApiKey


def is_valid_key(given: str) -> bool:
    """In constant time, as bytes: text that is not ASCII cannot be compared so."""
    matches = [hmac.compare_digest(given.encode(), key.encode()) for key in settings.MAIN_SITE_API_KEYS]
    return any(matches)


def credentials_of(request: Request) -> list[str]:
    """The words of `Authorization`: its scheme, which is '' where there is none, and what follows."""
    return request.headers.get("Authorization", "").split() or [""]


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access>`. Who comes with a key and no token is told which of them belongs here."""

    def authenticate(self, request: Request) -> tuple[User, Bearer] | None:
        scheme, *rest = credentials_of(request)
        if scheme != "Bearer" and "X-API-Key" in request.headers:
            raise NotAuthenticated(WANTS_TOKEN)
        if scheme != "Bearer":
            return None
        if len(rest) != 1:
            raise BadToken
        bearer = tokens.bearer(rest[0], self.along(request))
        return bearer.user, bearer

    def along(self, request: Request) -> Callable[[int], Question | None] | None:
        """What the endpoint would ask for next, by the id of its caller."""
        return None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def asking_for(question: Callable[[Request, int], Question]) -> type[TokenAuthentication]:
    """For an endpoint that spares a round trip: what this asks for the caller is found in `request.auth.found`. Where the
    request cannot be understood it is None, for who asks is to be known first.
    """

    class AskingTokenAuthentication(TokenAuthentication):
        def along(self, request: Request) -> Callable[[int], Question | None]:
            return lambda user_id: asked(request, user_id)

    def asked(request: Request, user_id: int) -> Question | None:
        try:
            return question(request, user_id)
        except InvalidInput:
            return None

    return AskingTokenAuthentication


class KeyOrTokenAuthentication(BaseAuthentication):
    """For an endpoint of both: who sends X-API-Key is the main site or nobody, and who does not comes with a token."""

    def authenticate(self, request: Request) -> Any:
        way: BaseAuthentication = TokenAuthentication()
        if "X-API-Key" in request.headers:
            way = ApiKeyAuthentication()
        return way.authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        return TokenAuthentication().authenticate_header(request)
