"""Makes sync commands of the main site's JSON. For sync.py, and for the commands of manage.py that read files of it."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from vps.api.fields import Address, Link, NodeName
from vps.api.plain import Plain
from vps.guests import GuestRef
from vps.models import Placement, Suspension, Vps
from vps.models.suspension import LONGEST_LINK, LONGEST_MESSAGE
from vps.models.vps import LARGEST, SMALLEST
from vps.services import sync
from web.errors import invalid
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
SUSPENSION = (
    "Why it is suspended: beside `status` `suspended`, or alone of what is suspended already. It replaces what was said "
    "before; null takes that back. Any other status ends it."
)
POWER = (
    "`keep`: you stop the machine yourself. `stop`: the panel stops it, again and again until it is seen stopped, and starts "
    "what was running when the suspension ends."
)
SHORT = "The short form of `suspension` with the reason `other` and this message. Not beside it."


class PlacementInput(serializers.Serializer[Any]):
    cluster = PlainText(63, help_text="The cluster's name, as staff gave it.")
    node = NodeName(help_text="The node that it is on.")
    vmid = WholeNumber(100, 999_999_999, help_text="Its number there.")
    kind = OneOf(Placement.Kind.values, help_text="A virtual machine, or a container.")
    replaced = TrueOrFalse(required=False, help_text=REPLACED)


class SuspensionInput(serializers.Serializer[Any]):
    reason = OneOf(Suspension.Reason.values, help_text="Why.")
    message = PlainText(
        LONGEST_MESSAGE,
        has_lines=True,
        required=False,
        allow_null=True,
        help_text="Plain text that the customer reads, and staff.",
    )
    pay_url = Link(
        LONGEST_LINK, required=False, allow_null=True, help_text="Where it is paid for: the customer's button."
    )
    power = OneOf(Suspension.Power.values, required=False, default="keep", help_text=POWER)


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
    suspension = SuspensionInput(required=False, allow_null=True, help_text=SUSPENSION)
    suspend_reason = PlainText(
        LONGEST_MESSAGE, has_lines=True, may_be_empty=True, required=False, allow_null=True, help_text=SHORT
    )


NEEDED = {"create": ("user_id", "name", "cpu", "ram", "disk", "os"), "update": (), "delete": ()}
COLUMNS = set(VpsInput().fields)
NAMES = ("id", "external_id")
TAKEN = {"create": COLUMNS - {"id"}, "update": COLUMNS, "delete": set(NAMES)}
SHAPE = ActionShape("vps", VpsInput(), NEEDED, TAKEN, NAMES, beside=("occurred_at",))
PLAIN = {action: Plain(SHAPE.fields, TAKEN[action], NEEDED[action]) for action in NEEDED}
# Of these columns none has keys of its own.
FLAT = {action: taken - {"placement", "suspension"} for action, taken in TAKEN.items()}
PLACEMENT_KEYS, SUSPENSION_KEYS = set(PlacementInput().fields), set(SuspensionInput().fields)


def command_of(given: Any) -> sync.SyncCommand:
    """{"action", "vps", "occurred_at"} as a sync command. Raises MissingFields, InvalidInput, each naming its field."""
    action, columns = plain(given) or SHAPE.read(given)
    placement, suspension = columns.pop("placement", None), suspension_of(columns)
    id, external_id = columns.pop("id", None), columns.pop("external_id", None)
    return sync.SyncCommand(
        action,
        columns,
        id,
        external_id,
        placement and placement_of(placement),
        occurred_at(given) if action != "delete" else None,
        suspension,
    )


def plain(given: Any) -> tuple[str, dict[str, Any]] | None:
    """What `SHAPE.read` makes of it; None where that may be something else, or a refusal."""
    if type(given) is not dict:
        return None
    action, vps = given.get("action"), given.get("vps")
    if type(action) is not str or action not in PLAIN or type(vps) is not dict:
        return None
    found = PLAIN[action].read(vps)
    is_meant = action == "create" or (found and ("id" in found or "external_id" in found))
    is_change = action != "update" or (found and len(found) > 1)
    return (action, found) if found and is_meant and is_change else None


def placement_of(given: dict[str, Any]) -> sync.PlacementSpec:
    """The guest as services and drivers name it."""
    ref = GuestRef(Placement.Kind(given["kind"]).guest_kind, str(given["vmid"]), given["node"])
    return sync.PlacementSpec(given["cluster"], ref, replaced=given.get("replaced", False))


def suspension_of(columns: dict[str, Any]) -> sync.SuspensionSpec | None:
    """Taken out of the columns, in its long form or in its short one; null in either takes back what was said."""
    if "suspend_reason" not in columns:
        given = columns.pop("suspension", {})
        words = {name: value for name, value in (given or {}).items() if value is not None}
        return None if given == {} else sync.SuspensionSpec(**words)
    if "suspension" in columns:
        raise invalid({"vps.suspend_reason": "Must not stand beside suspension, whose short form it is."})
    message = columns.pop("suspend_reason") or ""
    return sync.SuspensionSpec("other" if message else "", message, field="suspend_reason")


def occurred_at(given: dict[str, Any]) -> datetime | None:
    value = given.get("occurred_at")
    return None if value is None else moment("occurred_at", value)


def warnings_of(given: dict[str, Any]) -> list[str]:
    """A sentence for each key of a command that the contract does not know, and that was ignored."""
    vps = given["vps"]
    if given.keys() <= SHAPE.known and vps.keys() <= FLAT[given["action"]]:
        return []
    found = SHAPE.warnings(given)
    for name, known in (("placement", PLACEMENT_KEYS), ("suspension", SUSPENSION_KEYS)):
        if vps.get(name) and name in TAKEN[given["action"]]:
            found += unknown_keys(vps[name], known, f"vps.{name}.")
    return found
