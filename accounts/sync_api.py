"""/api/users/sync: what the main site says of people and what it reads of them, by its API key.

The shape of what comes is checked here; accounts.people does it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from rest_framework import serializers
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import errors, people, user_list
from accounts import openapi as shapes
from accounts.authentication import ApiKeyAuthentication
from accounts.call_facts import notes_calls
from accounts.models import User
from accounts.permissions import IsMainSite
from accounts.user_shape import for_main_site
from web.errors import InvalidInput, MissingFields
from web.fields import EmailAddress, PlainText, TrueOrFalse, Username, WholeNumber
from web.idempotency import idempotent
from web.openapi.bodies import by_action
from web.openapi.endpoint import Answer, endpoint
from web.shape import ActionShape


class UserInput(serializers.Serializer[Any]):
    """What the main site may say of a user. Which of it an action takes and needs stands in TAKEN and NEEDED."""

    id = WholeNumber(required=False, help_text="The panel's id of the user.")
    external_id = PlainText(191, required=False, help_text="The main site's own id of the user, unique for ever.")
    username = Username(150, required=False, help_text="The name to log in by; the e-mail address does as well.")
    email = EmailAddress(254, required=False, help_text="The e-mail address.")
    first_name = PlainText(150, may_be_empty=True, required=False, help_text="Empty where it is not known.")
    last_name = PlainText(150, may_be_empty=True, required=False, help_text="Empty where it is not known.")
    is_active = TrueOrFalse(required=False, help_text="Whether the user may log in.")


IDS = ("id", "external_id")
FIELDS = set(UserInput().fields)
NEEDED = {"create": ("external_id", "username", "email"), "update": (), "deactivate": ()}
TAKEN = {"create": FIELDS - {"id", "is_active"}, "update": FIELDS, "deactivate": set(IDS)}
SHAPE = ActionShape("user", UserInput(), NEEDED, TAKEN, IDS)


described = partial(endpoint, "Main site")


@described("listUsers", *user_list.GIVEN, **user_list.DESCRIPTION)
@described(
    "syncUser",
    Answer(shapes.USER_SYNCED, shapes.CREATIONS, 201, "Created."),
    Answer(shapes.USER_SYNCED, shapes.CHANGES, about="Changed, or so already."),
    *(InvalidInput, MissingFields, errors.UserNotFound, errors.StaffAccount, errors.UsernameTaken, errors.EmailTaken),
    *(errors.ExternalIdMismatch, errors.ExternalIdTaken),
    description="Say that a customer is new, changed or gone.\n\nEach may be said again. A new user has no password until "
    "they set one: `POST /api/users/{id}/login-link` lets them in. `deactivate` ends tokens, sessions and sockets at once. A "
    "member of the staff is never touched.",
    request=by_action("UserSync", SHAPE, shapes.ALICE, "A new customer."),
    methods=["POST"],
)
@api_view(["GET", "POST"])
@authentication_classes([ApiKeyAuthentication])
@permission_classes([IsMainSite])
@notes_calls("user")
@idempotent
def sync_user(request: Request) -> Response:
    """POST says that a customer is new, changed or gone; GET reads the users."""
    if request.method != "POST":
        return user_list.page_of_users(request)
    body: Any = request.data
    action, columns = SHAPE.read(body)
    status, answer = ACTIONS[action](columns)
    return Response(answer | with_warnings(SHAPE.warnings(body)), status=status)


def create(columns: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    user, is_new = people.create(columns)
    return 201 if is_new else 200, answer_of(user)


def update(columns: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    id, external_id = columns.pop("id", None), columns.pop("external_id", None)
    return 200, answer_of(people.update(id, external_id, columns))


def deactivate(columns: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    user, was_already = people.dismiss(columns.get("id"), columns.get("external_id"))
    return 200, answer_of(user) | ({"already_inactive": True} if was_already else {})


def answer_of(user: User) -> dict[str, Any]:
    return {"status": "success", "message": "User synced successfully", "user": for_main_site(user)}


def with_warnings(warnings: list[str]) -> dict[str, Any]:
    return {"warnings": warnings} if warnings else {}


ACTIONS: dict[str, Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]] = {
    "create": create,
    "update": update,
    "deactivate": deactivate,
}
