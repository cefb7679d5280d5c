"""What is sent to /api/vps/sync…: told from the serializer that checks it, and the table of what an action takes."""

from typing import Any, ClassVar

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from ospab_panel.openapi.nouns.vps import COLUMNS, EXTERNAL_ID
from ospab_panel.openapi.shapes import Schema, many, ref, thing, truth
from vps.api.commands import NAMES, NEEDED, TAKEN, VpsInput
from vps.api.sync import MOST_AT_ONCE
from web.fields import OneOf


class VpsOf(VpsInput):
    """What one action takes of VpsInput, and needs."""

    action: ClassVar[str]

    def get_fields(self) -> dict[str, Any]:
        fields = {name: field for name, field in super().get_fields().items() if name in TAKEN[self.action]}
        for name in NEEDED[self.action]:
            fields[name].required = True
        return fields


class VpsToCreate(VpsOf):
    action = "create"


class VpsToUpdate(VpsOf):
    action = "update"


class VpsToDelete(VpsOf):
    action = "delete"


class SyncCreate(serializers.Serializer[Any]):
    action = OneOf(["create"])
    vps = VpsToCreate()
    occurred_at = serializers.DateTimeField(required=False)


class SyncUpdate(serializers.Serializer[Any]):
    action = OneOf(["update"])
    vps = VpsToUpdate()
    occurred_at = serializers.DateTimeField(required=False)


class SyncDelete(serializers.Serializer[Any]):
    action = OneOf(["delete"])
    vps = VpsToDelete()


SYNC = PolymorphicProxySerializer("Sync", {"create": SyncCreate, "update": SyncUpdate, "delete": SyncDelete}, "action")
BATCH = thing(
    {
        "operations": many(
            ref("Sync"), "Applied in order: a later one sees what an earlier one did.", maxItems=MOST_AT_ONCE
        ),
        "atomic": truth("All or none. Without it each stands alone.") | {"default": False},
    },
    optional=("atomic",),
)

VPS: dict[str, Schema] = COLUMNS | {
    "external_id": EXTERNAL_ID,
    "placement": {
        "description": (
            "Which guest it is. Without it the panel takes the one unbound guest of that name, where it has the cores and "
            "the memory that were sold and was never another customer's; else staff bind it."
        )
    },
}
PLACEMENT: dict[str, Schema] = {
    "cluster": {"description": "The cluster's name, as staff gave it.", "examples": ["main"]},
    "node": {"description": "The node that it is on.", "examples": ["pve1"]},
    "vmid": {"description": "Its number there.", "examples": [107]},
    "kind": {"description": "A virtual machine, or a container.", "examples": ["qemu"]},
    "replaced": {
        "description": (
            "True: a new machine stands there for the same customer, as after a reinstall, and its identity is taken anew. "
            "Without it a warning says that another machine stands there than was bound, and nothing is done to it."
        )
    },
}
SAID: dict[str, Schema] = {
    "action": {"description": "What has happened to it."},
    "vps": {"description": "Its columns."},
    "occurred_at": {
        "description": (
            "When it happened, with an offset. An update that is older than the newest that was applied to the VPS changes "
            "nothing, so that a queue may deliver out of order. At most 5 minutes ahead."
        ),
        "examples": ["2025-10-27T10:30:00.250Z"],
    },
}
ABOUT_FIELDS: dict[str, dict[str, Schema]] = {
    "PlacementInput": PLACEMENT,
    **{f"VpsTo{action.title()}": VPS for action in NEEDED},
    **{f"Sync{action.title()}": SAID for action in NEEDED},
}
BY_A_NAME = {"anyOf": [{"required": [name]} for name in sorted(NAMES, reverse=True)]}
ABOUT: dict[str, Schema] = {
    "VpsToCreate": {"description": "An order."},
    "VpsToUpdate": {"description": "Which VPS, by `id` or `external_id`, and at least one column more."} | BY_A_NAME,
    "VpsToDelete": {"description": "Which VPS, by `id` or `external_id`."} | BY_A_NAME,
}
