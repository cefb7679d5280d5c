"""The shapes of what /api/vps/sync… takes and answers, with its examples. sync.py describes its endpoints by these."""

from vps.api.commands import SHAPE
from vps.api.shapes import COUNT, EXAMPLE, OBSERVED, OPERATION, ORDER, PLACED, SYNCED_VPS, UNPAID
from vps.errors import NotApplied
from vps.models.placement_shape import PlacementShape
from vps.models.suspension import SuspensionShape
from web.openapi.bodies import by_action
from web.openapi.endpoint import SUCCESS, Answer
from web.openapi.refusals import ERROR_FIELDS, failure
from web.openapi.shapes import (
    component,
    example_of,
    many,
    mostly_null,
    one_of,
    or_null,
    text,
    thing,
    truth,
    typed,
    whole,
)

MOST_AT_ONCE = 10_000
ABOUT_WHEN = (
    "When it happened, with an offset. An update that is older than the newest that was applied changes nothing, so a queue "
    "may deliver out of order. At most 5 minutes ahead."
)
ABOUT_WARNINGS = (
    "What is worth a look, though it was taken: keys that were ignored, sizes that look like another unit or that are more "
    "than the guest was seen with, a guest that is not there."
)
WHEN = text(ABOUT_WHEN, "2025-10-27T10:30:00.250Z", format="date-time")
COMMAND = by_action("Sync", SHAPE, EXAMPLE, "An order.", occurred_at=WHEN)
IN_ORDER = many(COMMAND, "A later one sees what an earlier one did.", maxItems=MOST_AT_ONCE)
ATOMIC = truth("All or none. Without it each stands alone.", True, default=False)
BATCH = thing({"operations": IN_ORDER, "atomic": ATOMIC}, optional=["atomic"])

FACTS = {
    "already_deleted": truth("It was deleted before: nothing was done.", True, const=True),
    "applied": truth("A newer update was applied before: nothing was done, and `vps` is as it is.", False, const=False),
    "warnings": many(text("A sentence.", "Unknown field ignored: vps.colour"), ABOUT_WARNINGS, minItems=1),
}
DONE = {"status": SUCCESS, "message": text("A sentence.", "VPS synced successfully"), "vps": SYNCED_VPS} | FACTS
SYNCED = component("Synced", thing(DONE, optional=FACTS))
INDEX = {"index": whole("Its place among the operations, from 0.", 0, minimum=0)}
BATCH_DONE = component("BatchDone", thing(INDEX | {"status": SUCCESS, "vps": SYNCED_VPS} | FACTS, optional=FACTS))
BATCH_FAILED = component("BatchFailed", failure(INDEX | ERROR_FIELDS, "Why this one was not done."))
RESULTS = {
    "status": one_of(
        "Whether all, some or none succeeded. Of an empty batch all did.", ["success", "partial", "error"]
    ),
    "results": many({"oneOf": [BATCH_DONE, BATCH_FAILED]}, "One to each operation, in their order."),
    "warnings": FACTS["warnings"],
}
BATCH_ANSWER = component("BatchAnswer", thing(RESULTS, optional=["warnings"]))
NEXT = mostly_null(text("The address of the following page, or null.", "/api/vps/sync?after=17&limit=1000"))
ROWS = {"status": SUCCESS, "count": COUNT, "vps": many(SYNCED_VPS, "In id order."), "next": NEXT}
PAGE = component("SyncedPage", thing(ROWS))
HASH = "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"
HASHED = {"status": SUCCESS, "count": COUNT, "digest": text("SHA-256, in hex.", HASH, pattern="^[0-9a-f]{64}$")}
DIGEST = component("SyncedDigest", thing(HASHED))
SUM = text("The lower 128 bits of the sum, in hex.", HASH[:32], pattern="^[0-9a-f]{32}$")
DIGEST_SUM = component("SyncedDigestSum", thing(HASHED | {"digest": SUM}))
PAGE_OR_DIGEST = {"oneOf": [PAGE, DIGEST_SUM, DIGEST]}

PLACEMENT = component("Placement", typed(PlacementShape))
SEEN = {
    "status": SUCCESS,
    "vps": SYNCED_VPS,
    "placement": or_null(PLACEMENT),
    "observed": OBSERVED,
    "suspension": mostly_null(component("SyncedSuspension", typed(SuspensionShape))),
    "operation": mostly_null(OPERATION),
}
ASKED_FOR = {
    "status": SUCCESS,
    "message": text("A sentence.", "Start requested"),
    "operation": OPERATION,
    "vps": SYNCED_VPS,
}
ASKED = component("Asked", thing(ASKED_FOR | {"warnings": FACTS["warnings"]}, optional=["warnings"]))

VPS = example_of(SYNCED_VPS) | {"external_id": "order-1042"}
NEW = ORDER | {"external_id": "order-1042", "status": "creating", "hypervisor": "proxmox"}
ONE = Answer(component("SyncedVpsSeen", thing(SEEN)), {"one": {"vps": VPS, "placement": PLACED}})
CREATE, ON_A_GUEST = ({"action": "create", "vps": vps} for vps in (NEW, ORDER | {"placement": PLACED}))
UPDATE = {"action": "update", "vps": {"id": 17, "status": "suspended"}}
SUSPEND = {"action": "update", "vps": {"id": 17, "status": "suspended", "suspension": UNPAID | {"power": "stop"}}}
HUGE = {"action": "update", "vps": {"id": 17, "ram": 2_097_152}}
IS_HUGE = "vps.ram: 2097152 MB are 2048 GB. Was it multiplied by 1024 twice?"
LATE = UPDATE | {"occurred_at": "2025-10-27T10:29:00Z"}
WITH_COLOUR = {"action": "update", "vps": {"id": 17, "status": "suspended", "colour": "red"}}
DELETE = {"action": "delete", "vps": {"external_id": "order-1042"}}
CREATIONS = {"create": {"sent": CREATE, "vps": VPS}, "create on this guest": {"sent": ON_A_GUEST}}
CHANGES = {
    "create again": {"sent": CREATE, "vps": VPS},
    "update": {"sent": UPDATE, "vps": VPS},
    "suspend": {"sent": SUSPEND, "vps": VPS},
    "update that came late": {"sent": LATE, "vps": VPS, "applied": False},
    "update with an unknown key": {"sent": WITH_COLOUR, "vps": VPS, "warnings": example_of(FACTS["warnings"])},
    "update of a size that looks wrong": {"sent": HUGE, "vps": VPS | HUGE["vps"], "warnings": [IS_HUGE]},
    "delete": {"sent": DELETE, "vps": VPS},
    "delete again": {"sent": DELETE, "vps": VPS, "already_deleted": True},
}
OPERATIONS = {"operations": [CREATE, {"action": "delete", "vps": {"id": 99}}]}
DONE_FIRST, NOT_DONE = {"index": 0, "status": "success", "vps": VPS}, {"index": 0} | NotApplied().serialize()
FAILED = {"index": 1, "status": "error", "message": "There is no VPS 99.", "code": "vps_not_found"}
BATCHES = {
    "each by itself": {"sent": OPERATIONS, "status": "partial", "results": [DONE_FIRST, FAILED]},
    "all or none": {"sent": OPERATIONS | {"atomic": True}, "status": "error", "results": [NOT_DONE, FAILED]},
}
