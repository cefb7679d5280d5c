"""The main site's JSON, made into services.sync's words. For sync.py, and for the commands that read files of it."""

import re
from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from vps.api.fields import Address, NodeName
from vps.models import Placement, Vps
from vps.models.vps import LARGEST, SMALLEST
from vps.services import sync
from web.errors import InvalidInput, MissingFields, flat
from web.fields import OneOf, PlainText, TrueOrFalse, WholeNumber, unknown_keys

IN_MB = " The unit of ram is MB: 8 GB are 8192."
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class PlacementInput(serializers.Serializer[Any]):
    cluster = PlainText(63)
    node = NodeName()
    vmid = WholeNumber(100, 999_999_999)
    kind = OneOf(Placement.Kind.values)
    replaced = TrueOrFalse(required=False)


class VpsInput(serializers.Serializer[Any]):
    """The columns that the main site may write. Which of them an action takes and needs stands in TAKEN and NEEDED."""

    id = WholeNumber(required=False)
    external_id = PlainText(191, required=False)
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


NEEDED = {"create": ("user_id", "name", "cpu", "ram", "disk", "os"), "update": (), "delete": ()}
COLUMNS = set(VpsInput().fields)
NAMES = {"id", "external_id"}
TAKEN = {"create": COLUMNS - {"id"}, "update": COLUMNS, "delete": NAMES}
KNOWN = {"action", "vps", "occurred_at"}
INPUT = VpsInput()
PLACEMENT_KEYS = set(PlacementInput().fields)


def word_of(given: Any) -> sync.Word:
    """{"action", "vps", "occurred_at"} as a word. Raises MissingFields, InvalidInput, each naming its field."""
    action, vps = shape(given)
    columns = checked(action, vps)
    placement = columns.pop("placement", None)
    id, external_id = columns.pop("id", None), columns.pop("external_id", None)
    if action == "update" and not (columns or placement or (id and external_id)):
        unknown = ", ".join(key for key in vps if key not in COLUMNS)
        also = f"; unknown: {unknown}" if unknown else ""
        raise MissingFields(f"Missing required fields: at least one column to update beside id{also}")
    return sync.Word(
        action,
        columns,
        id,
        external_id,
        placement and sync.PlacementSpec(**placement),
        occurred_at(given) if action != "delete" else None,
    )


def shape(given: Any) -> tuple[str, dict[str, Any]]:
    """The action and its `vps`."""
    if not isinstance(given, dict):
        raise InvalidInput("The body must be a JSON object.")
    refuse_missing([key for key in ("action", "vps") if given.get(key) is None])
    action, vps = given["action"], given["vps"]
    if not isinstance(action, str) or action not in NEEDED:
        raise invalid({"action": f"Must be one of: {', '.join(NEEDED)}."})
    if not isinstance(vps, dict):
        raise invalid({"vps": "Must be an object."})
    refuse_missing([key for key in NEEDED[action] if vps.get(key) is None], "vps.")
    if not NEEDED[action] and all(vps.get(key) is None for key in NAMES):
        refuse_missing(["id"], "vps.")
    return action, vps


def refuse_missing(names: list[str], prefix: str = "") -> None:
    if names:
        sentence = f"Missing required fields: {', '.join(names)}"
        raise MissingFields(sentence, errors={f"{prefix}{name}": ["This field is required."] for name in names})


def invalid(faults: Any) -> InvalidInput:
    """`faults` are sentences by field, nested or not."""
    errors = dict(flat(faults))
    sentences = "; ".join(f"{field}: {' '.join(lines)}" for field, lines in errors.items())
    return InvalidInput(f"Invalid request: {sentences}", errors=errors)


def checked(action: str, vps: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(INPUT.run_validation({name: value for name, value in vps.items() if name in TAKEN[action]}))
    except serializers.ValidationError as error:
        raise invalid({"vps": error.detail}) from error


def occurred_at(given: dict[str, Any]) -> datetime | None:
    value = given.get("occurred_at")
    return None if value is None else moment("occurred_at", value)


def moment(field: str, value: Any) -> datetime:
    """A time with its offset, as RFC 3339 has it, in UTC: offsets that Python knows are more than PostgreSQL takes."""
    try:
        if isinstance(value, str) and RFC3339.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise invalid({field: "Must be a time such as 2025-10-27T10:30:00Z."})


def warnings_of(given: dict[str, Any]) -> list[str]:
    """What of a word that was taken is not in the contract, and was ignored."""
    vps, taken = given["vps"], TAKEN[given["action"]]
    found = unknown_keys(given, KNOWN) + unknown_keys(vps, taken, "vps.")
    if "placement" in taken & set(vps):
        found += unknown_keys(vps["placement"], PLACEMENT_KEYS, "vps.placement.")
    return found
