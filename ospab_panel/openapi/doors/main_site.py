"""/api/vps/sync…: what the main site says of VPSs, and reads."""

from ospab_panel.openapi.door import Answer, Door, query
from ospab_panel.openapi.doors import sync_bodies
from ospab_panel.openapi.nouns.vps import EXAMPLE, EXTERNAL_ID, ID_MAX, USER_ID, VPS_ID
from ospab_panel.openapi.shapes import Schema, moment, ref, whole, word
from vps.api.sync import DEFAULT_PAGE, MOST_AT_ONCE
from vps.errors import (
    ExternalIdMismatch,
    ExternalIdTaken,
    HypervisorMismatch,
    NotApplied,
    PlacementTaken,
    UnknownCluster,
    UnknownUser,
    VpsDeleted,
    VpsNotFound,
)
from web.errors import InvalidInput, MissingFields

TAG = "Main site"
ORDER = {"user_id": USER_ID, "name": "web-01", "cpu": 4, "ram": 8192, "disk": 100, "os": "Ubuntu 22.04 LTS"}
NAME = EXTERNAL_ID["examples"][0]
PLACED = {"cluster": "main", "node": "pve1", "vmid": 107, "kind": "qemu"}
CREATE = {"action": "create", "vps": ORDER | {"external_id": NAME, "status": "creating", "hypervisor": "proxmox"}}
CHANGE = {"id": VPS_ID, "status": "suspended"}
UPDATE = {"action": "update", "vps": CHANGE}
DELETE = {"action": "delete", "vps": {"external_id": NAME}}
VPS = EXAMPLE | {"external_id": NAME}
DONE = {"status": "success", "message": "VPS synced successfully", "vps": VPS}
RESULT = {"index": 0, "status": "success", "vps": VPS}
GONE = {"index": 1, "status": "error", "message": "There is no VPS 99.", "code": "vps_not_found"}
REFUSALS = (
    InvalidInput,
    MissingFields,
    UnknownUser,
    UnknownCluster,
    VpsNotFound,
    VpsDeleted,
    PlacementTaken,
    HypervisorMismatch,
    ExternalIdTaken,
    ExternalIdMismatch,
)
PAGE: tuple[Schema, ...] = (
    query("after", whole("The last id that was seen.", 0, 0, ID_MAX), 0),
    query("limit", whole("How many at most.", 1000, 1, MOST_AT_ONCE), DEFAULT_PAGE),
    query("updated_since", moment("Those alone that have changed since then.")),
    query("digest", word("`1`: no rows, but one hash of them all.", ["1"])),
)
HASHED = """\
Everything that the panel holds, a page at a time.

With `digest=1` the SHA-256 of one line for each VPS in id order: `id`, `external_id` (empty where it has none), \
`user_id`, `name`, state, `cpu`, `ram`, `disk`, `os` and `hypervisor`, joined by tabs, in UTF-8, each line ended by a line \
feed. The state is `active` for `running` and `stopped`, and else the status. So both sides see whether they agree."""

DOORS = {
    "POST /api/vps/sync": Door(
        id="syncVps",
        tag=TAG,
        summary="Say that a VPS was created, changed or deleted",
        about="Each may be said again: what is done already is not done twice. The path takes a slash at its end, too.",
        body=sync_bodies.SYNC,
        asks={
            "create": CREATE,
            "create on this guest": {"action": "create", "vps": ORDER | {"placement": PLACED}},
            "create again": CREATE,
            "update": UPDATE,
            "update that came late": UPDATE | {"occurred_at": "2025-10-27T10:29:00Z"},
            "update with an unknown key": {"action": "update", "vps": CHANGE | {"colour": "red"}},
            "delete": DELETE,
            "delete again": DELETE,
        },
        answers={
            200: Answer(
                "Changed or deleted, or so already. `vps` is as it is now, or was when it was deleted.",
                ref("Synced"),
                {
                    "create again": DONE,
                    "update": DONE,
                    "update that came late": DONE | {"applied": False},
                    "update with an unknown key": DONE | {"warnings": ["Unknown field ignored: vps.colour"]},
                    "delete": DONE,
                    "delete again": DONE | {"already_deleted": True},
                },
            ),
            201: Answer("Created.", ref("Synced"), {"create": DONE, "create on this guest": DONE | {"vps": EXAMPLE}}),
        },
        refusals=REFUSALS,
    ),
    "POST /api/vps/sync/batch": Door(
        id="syncVpsBatch",
        tag=TAG,
        summary="Say up to 10,000 of these at once",
        about=(
            "In one transaction, and a body of up to 16 MiB. What of it failed is told in `results` by the codes of "
            f"`POST /api/vps/sync`; with `atomic` nothing is done then, and the others are `{NotApplied.code}`."
        ),
        body=sync_bodies.BATCH,
        asks={
            "each by itself": {"operations": [CREATE, {"action": "delete", "vps": {"id": 99}}]},
            "all or none": {"operations": [CREATE, {"action": "delete", "vps": {"id": 99}}], "atomic": True},
        },
        answers={
            200: Answer(
                "What became of each.",
                ref("BatchAnswer"),
                {
                    "each by itself": {"status": "partial", "results": [RESULT, GONE]},
                    "all or none": {
                        "status": "error",
                        "results": [{"index": 0} | NotApplied().serialize(), GONE],
                    },
                },
            )
        },
        refusals=(InvalidInput,),
    ),
    "GET /api/vps/sync": Door(
        id="readVps",
        tag=TAG,
        summary="Read what the panel holds, or a hash of it",
        about=HASHED,
        query=PAGE,
        answers={
            200: Answer(
                "A page, or the hash.",
                {"oneOf": [ref("SyncedPage"), ref("SyncedDigest")]},
                {
                    "a page": {"status": "success", "count": 1, "vps": [VPS], "next": None},
                    "a digest": {
                        "status": "success",
                        "count": 1,
                        "digest": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
                    },
                },
            )
        },
        refusals=(InvalidInput,),
    ),
}
