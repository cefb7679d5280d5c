"""Makes sync commands of the main site's JSON. For sync.py, and for the commands of manage.py that read files of it."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from vps.api.fields import Address, NodeName
from vps.guests import GuestRef
from vps.models import Placement, Vps
from vps.models.vps import LARGEST, SMALLEST
from vps.services import sync
from web.fields import OneOf, PlainText, TrueOrFalse, WholeNumber
from web.shape import ActionShape, moment, unknown_keys

IN_MB = " The unit of ram is MB: 8 GB are 8192."
IN_GB = " The unit of disk is GB."
CORES = " The unit of cpu is cores."
STATUS = (
    "What is seen on the hypervisor moves it between `running` and `stopped`; the others are the main site's words."
)
PLACEMENT = "Which guest it is. Without it the panel takes the one unbound guest of that name, or else staff bind it."
REPLACED = "A new machine stands there for the same customer, as after a reinstall: its identity is taken anew."


class PlacementInput(serializers.Serializer[Any]):
    cluster = PlainText(63, help_text="The cluster's name, as staff gave it.")
    node = NodeName(help_text="The node that it is on.")
    vmid = WholeNumber(100, 999_999_999, help_text="Its number there.")
    kind = OneOf(Placement.Kind.values, help_text="A virtual machine, or a container.")
    replaced = TrueOrFalse(required=False, help_text=REPLACED)


class VpsInput(serializers.Serializer[Any]):
    """The columns that the main site may write. Which of them an action takes and needs stands in TAKEN and NEEDED."""

    id = WholeNumber(required=False, help_text="The panel's id of the VPS.")
    external_id = PlainText(191, required=False, help_text="The main site's own id of it, unique for ever.")
    user_id = WholeNumber(required=False, help_text="The panel's id of the owner.")
    name = PlainText(255, required=False, help_text="Any printable text; markup in it is plain text.")
    status = OneOf(Vps.Status.values, required=False, help_text=STATUS)
    cpu = WholeNumber(SMALLEST["cpu"], LARGEST["cpu"], hint=CORES, required=False, help_text="CPU cores.")
    ram = WholeNumber(SMALLEST["ram"], LARGEST["ram"], hint=IN_MB, required=False, help_text="In MB: 8 GB are 8192.")
    disk = WholeNumber(SMALLEST["disk"], LARGEST["disk"], hint=IN_GB, required=False, help_text="In GB.")
    os = PlainText(100, required=False, help_text="The operating system, in words.")
    hypervisor = OneOf(Vps.Hypervisor.values, required=False, help_text="Servers on `proxmox` alone can be controlled.")
    ip_address = Address(required=False, allow_null=True, help_text="IPv4 or IPv6, or null where none is known.")
    placement = PlacementInput(required=False, help_text=PLACEMENT)


NEEDED = {"create": ("user_id", "name", "cpu", "ram", "disk", "os"), "update": (), "delete": ()}
COLUMNS = set(VpsInput().fields)
NAMES = ("id", "external_id")
TAKEN = {"create": COLUMNS - {"id"}, "update": COLUMNS, "delete": set(NAMES)}
SHAPE = ActionShape("vps", VpsInput(), NEEDED, TAKEN, NAMES, beside=("occurred_at",))
PLACEMENT_KEYS = set(PlacementInput().fields)


def command_of(given: Any) -> sync.SyncCommand:
    """{"action", "vps", "occurred_at"} as a sync command. Raises MissingFields, InvalidInput, each naming its field."""
    action, columns = SHAPE.read(given)
    placement = columns.pop("placement", None)
    id, external_id = columns.pop("id", None), columns.pop("external_id", None)
    return sync.SyncCommand(
        action,
        columns,
        id,
        external_id,
        placement and placement_of(placement),
        occurred_at(given) if action != "delete" else None,
    )


def placement_of(given: dict[str, Any]) -> sync.PlacementSpec:
    """The guest as services and drivers name it."""
    ref = GuestRef(Placement.Kind(given["kind"]).guest_kind, str(given["vmid"]), given["node"])
    return sync.PlacementSpec(given["cluster"], ref, replaced=given.get("replaced", False))


def occurred_at(given: dict[str, Any]) -> datetime | None:
    value = given.get("occurred_at")
    return None if value is None else moment("occurred_at", value)


def warnings_of(given: dict[str, Any]) -> list[str]:
    """A sentence for each key of a command that the contract does not know, and that was ignored."""
    vps, found = given["vps"], SHAPE.warnings(given)
    if "placement" in TAKEN[given["action"]] & set(vps):
        found += unknown_keys(vps["placement"], PLACEMENT_KEYS, "vps.placement.")
    return found
