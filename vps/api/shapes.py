"""The shapes of VPSs, operations, events and what is measured. The endpoints beside it describe themselves by these."""

from vps import errors, models
from vps.api.commands import VpsInput
from vps.models.event_shape import EventShape
from vps.models.operation import OperationShape
from vps.models.shown import ObservedShape
from vps.models.suspension import ReasonShape
from vps.operations.verbs import VERBS
from vps.services import metrics
from vps.usage import UsageShape
from web.openapi.bodies import body_of
from web.openapi.endpoint import SUCCESS
from web.openapi.refusals import refusal
from web.openapi.shapes import component, moment, mostly_null, one_of, or_null, row_id, thing, typed, whole

PLACED = {"cluster": "main", "node": "pve1", "vmid": 107, "kind": "qemu"}
ORDER = {"user_id": 5, "name": "web-01", "cpu": 4, "ram": 8192, "disk": 100, "os": "Ubuntu 22.04 LTS"}
UNPAID = {"reason": "unpaid", "message": "Invoice 1042 of 14 November.", "pay_url": "https://example.com/pay/1042"}
EXAMPLE = ORDER | {"id": 17, "external_id": "order-1042", "status": "running", "hypervisor": "proxmox"}
EXAMPLE |= {"ip_address": "203.0.113.7", "placement": PLACED}
EXAMPLE |= {"suspension": UNPAID | {"power": "stop"}, "suspend_reason": "Invoice 1042 of 14 November."}
KNOWN = body_of(VpsInput(), EXAMPLE)["properties"] | {
    "created_at": moment("When it came into the panel."),
    "updated_at": moment("When a column changed last.", "2025-10-27T10:31:12Z"),
}
COLUMNS = {column.attname: KNOWN[column.attname] for column in models.Vps._meta.concrete_fields}
VPS = component("Vps", thing(COLUMNS, "A virtual server that is sold: every column of its table."))
NAMED = COLUMNS | {"external_id": KNOWN["external_id"]}
ABOUT_NAMED = "A VPS as the main site sees it: every column, and where it has one the main site's own id."
SYNCED_VPS = component("SyncedVps", thing(NAMED, ABOUT_NAMED, optional=["external_id"]))
COUNT = whole("How many are on this page.", 1, minimum=0)
OBSERVED = component("Observed", typed(ObservedShape))
WHY_SUSPENDED = component("Suspension", typed(ReasonShape))
SUSPENSION = mostly_null(WHY_SUSPENDED)
EVENT = component("Event", typed(EventShape))
LAST = whole("The last event that there is: the next `after`.", 123, minimum=0)
FROM_THE_FUTURE = refusal(errors.CursorFromTheFuture, "CursorError", last=LAST)

ABOUT_KINDS = " ".join(f"`{verb.kind}`: {verb.summary}." for verb in VERBS.values() if verb.summary)
KIND = one_of(ABOUT_KINDS, models.Operation.Kind.values)
OPERATION = component("Operation", typed(OperationShape, kind=KIND))
IN_PROGRESS = refusal(errors.OperationInProgress, "OperationInProgressError", operation=OPERATION)

HISTORY = component("History", typed(metrics.HistoryShape, timeframe=one_of("How far back.", metrics.TIMEFRAMES)))
USAGE = or_null(component("Usage", typed(UsageShape)))
RATED = {"status": SUCCESS, "vps_id": row_id("The VPS.", 17), "stats": USAGE, "history": HISTORY}
STATS = thing(RATED, optional=["history"])
WITH_HISTORY = {"history": {"timeframe": "hour", "state": "pending", "points": []}}
