"""POST /api/users/sync and /api/users/{id}/login-link: the main site's doors for people, by its API key.

They check the shape of what comes; accounts.people and accounts.login_links do it.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework import serializers
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import login_links, people
from accounts.authentication import ApiKeyAuthentication
from accounts.errors import MissingFields
from accounts.idempotency import idempotent
from accounts.models import User
from accounts.permissions import IsMainSite
from accounts.seen import seen
from web.fields import EmailAddress, PlainText, TrueOrFalse, Username, WholeNumber, unknown_keys
from web.timestamps import rfc3339


class UserInput(serializers.Serializer[Any]):
    """What the main site may say of a user. Which of it an action takes and needs stands in TAKEN and NEEDED."""

    id = WholeNumber(required=False)
    external_id = PlainText(191, required=False)
    username = Username(150, required=False)
    email = EmailAddress(254, required=False)
    first_name = PlainText(150, may_be_empty=True, required=False)
    last_name = PlainText(150, may_be_empty=True, required=False)
    is_active = TrueOrFalse(required=False)


IDS = {"id", "external_id"}
FIELDS = set(UserInput().fields)
NEEDED = {"create": ("external_id", "username", "email"), "update": (), "deactivate": ()}
TAKEN = {"create": FIELDS - {"id", "is_active"}, "update": FIELDS, "deactivate": IDS}


@api_view(["POST"])
@authentication_classes([ApiKeyAuthentication])
@permission_classes([IsMainSite])
@seen
@idempotent
def sync_user(request: Request) -> Response:
    body: Any = request.data
    action, given = shape(body)
    status, answer = ACTIONS[action](checked(action, given))
    warnings = unknown_keys(body, {"action", "user"}) + unknown_keys(given, TAKEN[action], "user.")
    return Response(answer | told(warnings), status=status)


@api_view(["POST"])
@authentication_classes([ApiKeyAuthentication])
@permission_classes([IsMainSite])
@seen
@idempotent
def login_link(request: Request, id: int) -> Response:
    body: Any = request.data
    link = login_links.make(id, checked_next(body))
    address = settings.PANEL_URL + reverse("accounts:login_link", args=[link.token])
    answer = {"status": "success", "url": address, "expires_at": rfc3339(link.expires_at)}
    return Response(answer | told(unknown_keys(body, {"next"})), status=201)


def shape(body: Any) -> tuple[str, dict[str, Any]]:
    """The action and its `user`. Raises MissingFields, ValidationError."""
    refuse_no_object(body)
    refuse_missing([key for key in ("action", "user") if body.get(key) is None])
    action, given = body["action"], body["user"]
    if not isinstance(action, str) or action not in ACTIONS:
        raise serializers.ValidationError({"action": [f"Must be one of: {', '.join(ACTIONS)}."]})
    if not isinstance(given, dict):
        raise serializers.ValidationError({"user": ["Must be an object."]})
    refuse_missing([key for key in NEEDED[action] if given.get(key) is None], "user.")
    if not NEEDED[action] and not IDS & set(given):
        raise MissingFields("Missing required fields: id or external_id", ["user.id"])
    return action, given


def refuse_no_object(body: Any) -> None:
    if not isinstance(body, dict):
        raise serializers.ValidationError({"body": ["Must be a JSON object."]})


def refuse_missing(names: list[str], prefix: str = "") -> None:
    if names:
        raise MissingFields(f"Missing required fields: {', '.join(names)}", [f"{prefix}{name}" for name in names])


def checked(action: str, given: dict[str, Any]) -> dict[str, Any]:
    serializer = UserInput(data={name: value for name, value in given.items() if name in TAKEN[action]})
    if not serializer.is_valid():
        raise serializers.ValidationError({"user": serializer.errors})
    return dict(serializer.validated_data)


def checked_next(body: Any) -> str:
    """Empty where none is given."""
    refuse_no_object(body)
    if "next" not in body:
        return ""
    path = body["next"]
    if not isinstance(path, str) or len(path) > login_links.LONGEST_NEXT or not login_links.is_page(path):
        raise serializers.ValidationError({"next": ["Must be the path of a page of the panel, such as /vps/5/."]})
    return path


def create(columns: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    user, is_new = people.create(columns)
    return 201 if is_new else 200, answer_of(user)


def update(columns: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    id, external_id = columns.pop("id", None), columns.pop("external_id", None)
    if not columns and not (id and external_id):
        raise MissingFields("Missing required fields: at least one field to update beside id or external_id", [])
    return 200, answer_of(people.update(id, external_id, columns))


def deactivate(columns: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    user, was_already = people.dismiss(columns.get("id"), columns.get("external_id"))
    return 200, answer_of(user) | ({"already_inactive": True} if was_already else {})


def answer_of(user: User) -> dict[str, Any]:
    names = ("id", "external_id", "username", "email", "first_name", "last_name", "is_active")
    row = {name: getattr(user, name) for name in names} | {"created_at": rfc3339(user.date_joined)}
    return {"status": "success", "message": "User synced successfully", "user": row}


def told(warnings: list[str]) -> dict[str, Any]:
    return {"warnings": warnings} if warnings else {}


ACTIONS: dict[str, Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]] = {
    "create": create,
    "update": update,
    "deactivate": deactivate,
}
