"""POST /api/vps/sync: the main site's door. It checks the shape of what comes; services.sync does it."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import ApiKeyAuthentication
from accounts.permissions import IsMainSite
from vps.api.fields import Address, NodeName, OneOf, PlainText, WholeNumber
from vps.errors import InvalidInput, MissingFields
from vps.models import Placement, Vps
from vps.models.vps import LARGEST, SMALLEST
from vps.services import sync

IN_MB = " The unit of ram is MB: 8 GB are 8192."


class PlacementInput(serializers.Serializer[Any]):
    cluster = PlainText(63)
    node = NodeName()
    vmid = WholeNumber(100, 999_999_999)
    kind = OneOf(Placement.Kind.values)


class VpsInput(serializers.Serializer[Any]):
    """The columns that the main site may write. Which of them an action takes and needs stands in TAKEN and NEEDED."""

    id = WholeNumber(required=False)
    user_id = WholeNumber(required=False)
    name = PlainText(255, required=False)
    status = OneOf(Vps.Status.values, required=False)
    cpu = WholeNumber(SMALLEST["cpu"], LARGEST["cpu"], required=False)
    ram = WholeNumber(SMALLEST["ram"], LARGEST["ram"], hint=IN_MB, required=False)
    disk = WholeNumber(SMALLEST["disk"], LARGEST["disk"], required=False)
    os = PlainText(100, required=False)
    hypervisor = OneOf(Vps.Hypervisor.values, required=False)
    ip_address = Address(required=False, allow_null=True)
    placement = PlacementInput(required=False)


NEEDED = {"create": ("user_id", "name", "cpu", "ram", "disk", "os"), "update": ("id",), "delete": ("id",)}
COLUMNS = set(VpsInput().fields)
TAKEN = {"create": COLUMNS - {"id"}, "update": COLUMNS, "delete": {"id"}}
KNOWN = {"action", "vps"}


@api_view(["POST"])
@authentication_classes([ApiKeyAuthentication])
@permission_classes([IsMainSite])
def sync_vps(request: Request) -> Response:
    body: Any = request.data
    action, given = shape(body)
    status, answer = ACTIONS[action](checked(action, given))
    warnings = unknown_keys(body, KNOWN) + unknown_keys(given, TAKEN[action], "vps.")
    if "placement" in TAKEN[action] & set(given):
        warnings += unknown_keys(given["placement"], set(PlacementInput().fields), "vps.placement.")
    return Response(answer | ({"warnings": warnings} if warnings else {}), status=status)


def shape(body: Any) -> tuple[str, dict[str, Any]]:
    """The action and its `vps`. Raises MissingFields, InvalidInput."""
    if not isinstance(body, dict):
        raise InvalidInput("The body must be a JSON object.")
    refuse_missing([key for key in ("action", "vps") if body.get(key) is None])
    action, given = body["action"], body["vps"]
    if not isinstance(action, str) or action not in ACTIONS:
        raise invalid("action", f"Must be one of: {', '.join(ACTIONS)}.")
    if not isinstance(given, dict):
        raise invalid("vps", "Must be an object.")
    refuse_missing([key for key in NEEDED[action] if given.get(key) is None], "vps.")
    return action, given


def refuse_missing(names: list[str], prefix: str = "") -> None:
    if names:
        sentence = f"Missing required fields: {', '.join(names)}"
        raise MissingFields(sentence, errors={f"{prefix}{name}": ["This field is required."] for name in names})


def invalid(field: str, sentence: str) -> InvalidInput:
    return InvalidInput(f"Invalid request: {field}: {sentence}", errors={field: [sentence]})


def checked(action: str, given: dict[str, Any]) -> dict[str, Any]:
    """The columns, checked, the placement as services.sync wants it."""
    serializer = VpsInput(data={name: value for name, value in given.items() if name in TAKEN[action]})
    if not serializer.is_valid():
        raise serializers.ValidationError({"vps": serializer.errors})
    columns = dict(serializer.validated_data)
    if placement := columns.pop("placement", None):
        columns["placement"] = sync.PlacementSpec(**placement)
    return columns


def create(columns: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    placement = columns.pop("placement", None)
    return 201, answer_of(sync.create(columns, placement).columns())


def update(columns: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    id, placement = columns.pop("id"), columns.pop("placement", None)
    if not columns and placement is None:
        raise MissingFields("Missing required fields: at least one column to update beside id")
    return 200, answer_of(sync.update(id, columns, placement).columns())


def delete(columns: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    deleted = sync.delete(columns["id"])
    return 200, answer_of(deleted.row) | ({"already_deleted": True} if deleted.was_already else {})


def answer_of(row: dict[str, Any]) -> dict[str, Any]:
    return {"status": "success", "message": "VPS synced successfully", "vps": row}


def unknown_keys(given: dict[str, Any], known: set[str], prefix: str = "") -> list[str]:
    return [f"Unknown field ignored: {prefix}{key}" for key in given if key not in known]


ACTIONS: dict[str, Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]] = {
    "create": create,
    "update": update,
    "delete": delete,
}
