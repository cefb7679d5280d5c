"""/api/auth/…: log in, refresh, log out, who am I. For customers' programs."""

from functools import partial
from typing import Any

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import limits, tokens
from accounts import openapi as shapes
from accounts.addresses import network_of
from accounts.errors import BadToken, TooManyAttempts
from accounts.models import User
from accounts.user_shape import for_themselves
from web.errors import InvalidInput, PanelError
from web.limits import Count
from web.openapi.bodies import body_of
from web.openapi.endpoint import Answer, endpoint, success
from web.openapi.shapes import component, text


class BadLogin(PanelError):
    status = 401
    code = "invalid_login"
    message = _("Login or password does not match.")


class StrictCharField(serializers.CharField):
    """REST's own takes numbers for text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class LoginInput(serializers.Serializer[Any]):
    username = StrictCharField(required=False, max_length=254, help_text="The username, or the e-mail address.")
    email = StrictCharField(required=False, max_length=254, help_text="In place of `username`.")
    password = StrictCharField(max_length=1024, trim_whitespace=False, help_text="The password.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("username") and not attrs.get("email"):
            either = [_("Give a username or an e-mail address.")]
            raise serializers.ValidationError({"username": either, "email": either})
        return attrs


class RefreshInput(serializers.Serializer[Any]):
    refresh = StrictCharField(max_length=4096, help_text="A refresh token that was not spent yet.")


described = partial(endpoint, "Authentication")
LOGGED_IN = success(**shapes.PAIR, user=shapes.USER).shape
REFRESH = component("RefreshInput", body_of(RefreshInput(), {"refresh": shapes.JWT}))


@described(
    "logIn",
    Answer(LOGGED_IN, {"by username": {"sent": shapes.BY_NAME}, "by e-mail": {"sent": shapes.BY_EMAIL}}),
    *(InvalidInput, BadLogin, TooManyAttempts),
    request=component("LoginInput", body_of(LoginInput(), shapes.BY_NAME | shapes.BY_EMAIL)),
)
@api_view(["POST"])
@authentication_classes([])
@permission_classes([])
def login(request: Request) -> Response:
    """Log in by username or e-mail address.

    After ten failures for one account from one address (of IPv6 a /64), 15 minutes must pass, and after many more of an
    address or of all; where an account was logged in to before, no stranger locks it out.
    """
    given = checked(LoginInput(data=request.data))
    user = who(request._request, given.get("username") or given["email"], given["password"])
    return Response(answer(tokens.issue(user)) | {"user": for_themselves(user)})


def who(request: HttpRequest, name: str, password: str) -> User:
    """Raises BadLogin, TooManyAttempts."""
    user = authenticate(request, username=name, password=password)
    if not isinstance(user, User):
        raise BadLogin
    return user


@described("refreshTokens", success("refresh", **shapes.PAIR), InvalidInput, BadToken, shapes.ATTEMPTS, request=REFRESH)
@api_view(["POST"])
@authentication_classes([])
@permission_classes([])
def refresh(request: Request) -> Response:
    """Exchange a refresh token for a new pair.

    A refresh token is good once. One that was spent and comes again was copied: all tokens of that login end, and it must
    be logged in anew. So let one process of yours refresh at a time.
    """
    given = checked(RefreshInput(data=request.data))["refresh"]
    try:
        return Response(answer(tokens.exchange(given)))
    except BadToken:
        limits.spend(Count(limits.REFRESHES_OF_NETWORK, network_of(request._request)))
        raise


@described("logOut", success("log out", message=text("A sentence.", "Logged out")), InvalidInput, request=REFRESH)
@api_view(["POST"])
@authentication_classes([])
@permission_classes([])
def logout(request: Request) -> Response:
    """End a login.

    All tokens that have come of it end, access tokens too. One that is dead already is fine.
    """
    tokens.revoke(checked(RefreshInput(data=request.data))["refresh"])
    return Response({"status": "success", "message": "Logged out"})


@described("whoAmI", success("me", user=shapes.USER))
@api_view(["GET"])
def me(request: Request) -> Response:
    """Whose token this is."""
    return Response({"status": "success", "user": for_themselves(request.user)})


def checked(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def answer(pair: tokens.Pair) -> dict[str, Any]:
    return {"status": "success", "access": pair.access, "refresh": pair.refresh, "token": pair.access}
