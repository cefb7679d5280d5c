"""/api/auth/…: log in, refresh, log out, who am I. For customers' programs."""

from typing import Any

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import limits, tokens
from accounts.addresses import network_of
from accounts.errors import BadToken
from accounts.models import User
from web.errors import PanelError
from web.limits import Count


class BadLogin(PanelError):
    status = 401
    code = "invalid_login"
    message = _("The username, e-mail address or password is wrong.")


class StrictCharField(serializers.CharField):
    """REST's own takes numbers for text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class LoginInput(serializers.Serializer[Any]):
    username = StrictCharField(required=False, max_length=254)
    email = StrictCharField(required=False, max_length=254)
    password = StrictCharField(max_length=1024, trim_whitespace=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("username") and not attrs.get("email"):
            raise serializers.ValidationError({"username": [_("Give a username or an e-mail address.")]})
        return attrs


class RefreshInput(serializers.Serializer[Any]):
    refresh = StrictCharField(max_length=4096)


@api_view(["POST"])
@authentication_classes([])
@permission_classes([])
def login(request: Request) -> Response:
    given = checked(LoginInput(data=request.data))
    user = who(request._request, given.get("username") or given["email"], given["password"])
    return Response(answer(tokens.issue(user)) | {"user": public(user)})


def who(request: HttpRequest, name: str, password: str) -> User:
    """Raises BadLogin, TooManyAttempts."""
    user = authenticate(request, username=name, password=password)
    if not isinstance(user, User):
        raise BadLogin
    return user


@api_view(["POST"])
@authentication_classes([])
@permission_classes([])
def refresh(request: Request) -> Response:
    given = checked(RefreshInput(data=request.data))["refresh"]
    try:
        return Response(answer(tokens.exchange(given)))
    except BadToken:
        limits.take(Count(limits.REFRESHES_OF_NETWORK, network_of(request._request)))
        raise


@api_view(["POST"])
@authentication_classes([])
@permission_classes([])
def logout(request: Request) -> Response:
    tokens.revoke(checked(RefreshInput(data=request.data))["refresh"])
    return Response({"status": "success", "message": "Logged out"})


@api_view(["GET"])
def me(request: Request) -> Response:
    return Response({"status": "success", "user": public(request.user)})


def checked(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def answer(pair: tokens.Pair) -> dict[str, Any]:
    return {"status": "success", "access": pair.access, "refresh": pair.refresh, "token": pair.access}


def public(user: Any) -> dict[str, Any]:
    return {"id": user.pk, "username": user.username, "email": user.email}
