"""The shapes of VPSs, operations, events and what is measured. The endpoints beside it describe themselves by these."""

from vps import errors, models
from vps.api.commands import VpsInput
from vps.operations.verbs import VERBS
from vps.services import metrics
from web.fields import INT_MAX
from web.openapi.endpoint import SUCCESS
from web.openapi.refusals import refusal
from web.openapi.shapes import Noun, body_of, component, moment, mostly_null, or_null, text, thing, value, whole, word

PLACED = {"cluster": "main", "node": "pve1", "vmid": 107, "kind": "qemu"}
ORDER = {"user_id": 5, "name": "web-01", "cpu": 4, "ram": 8192, "disk": 100, "os": "Ubuntu 22.04 LTS"}
EXAMPLE = ORDER | {"id": 17, "external_id": "order-1042", "status": "running", "hypervisor": "proxmox"}
EXAMPLE |= {"ip_address": "203.0.113.7", "placement": PLACED}
KNOWN = body_of(VpsInput(), EXAMPLE)["properties"] | {
    "created_at": moment("When it came into the panel."),
    "updated_at": moment("When a column changed last.", "2025-10-27T10:31:12Z"),
}
COLUMNS = {column.attname: KNOWN[column.attname] for column in models.Vps._meta.concrete_fields}
VPS = component("Vps", thing(COLUMNS, "A virtual server that is sold: every column of its table."))
NAMED = COLUMNS | {"external_id": KNOWN["external_id"]}
ABOUT_NAMED = "A VPS as the main site sees it: every column, and where it has one the main site's own id."
SYNCED_VPS = component("SyncedVps", thing(NAMED, ABOUT_NAMED, optional=["external_id"]))
VPS_ID = whole("The VPS.", 17, minimum=1, maximum=INT_MAX)
USER_ID = whole("The user, or null for one of the staff.", 5, minimum=1, maximum=INT_MAX)
COUNT = whole("How many are on this page.", 1, minimum=0)
UNSEEN = (errors.VpsUnbound, errors.HypervisorUnsupported, errors.VpsMissing, errors.IdentityMismatch)
WHY_UNKNOWN = [error.code for error in (*UNSEEN, errors.HypervisorUnavailable)]


class Observed(Noun, about="What is seen of a server; `status` is the main site's word where nobody sees it."):
    power = or_null(word("As seen on its hypervisor; null where nobody sees it.", ["running", "stopped", "paused"]))
    since = or_null(moment("Since when it is so, or is not known."))
    reason = mostly_null(word("Why it is not known.", WHY_UNKNOWN))


FAILED = {
    "code": text("A stable word for programs.", "guest_did_not_shut_down", maxLength=40),
    "message": text("A sentence for the customer.", "The server was deleted meanwhile."),
}
ABOUT_KINDS = " ".join(f"`{verb.kind}`: {verb.summary}." for verb in VERBS.values() if verb.summary)


class Operation(Noun, about="Something asked of a VPS that takes time. Poll it, or read its events."):
    id = whole("The operation's id.", 9, minimum=1)
    vps_id = or_null(VPS_ID)
    kind = word(ABOUT_KINDS, models.Operation.Kind.values)
    state = word("`succeeded`: the guest was seen in the state that was asked for.", models.Operation.State.values)
    progress = whole("Percent.", 0, minimum=0, maximum=100)
    error = mostly_null(thing(FAILED, "Why it failed."))
    requested_by = or_null(text("By username. Staff are `staff`, other customers null.", "alice", maxLength=150))
    created_at = moment("When it was asked for.")
    started_at = mostly_null(moment("When work on it began."))
    finished_at = mostly_null(moment("When it ended."))


IN_PROGRESS = refusal(errors.OperationInProgress, "OperationInProgressError", operation=Operation.ref)
CHANGE = {"was": "running", "status": "stopped"}
BY = {"id": or_null(USER_ID), "username": text("`staff` where a customer asks.", "alice", maxLength=150)}
ABOUT_DATA = (
    "More, by type: of `vps.created` its `status`; of `vps.updated` which columns `changed`; of `vps.deleted` its `name`; of "
    "`vps.status_changed` what it `was`, the `status` and, where the panel gave it up, a `code`; of `operation.*` the `kind` "
    "and, failed, the `code`. The main site is told more, as where a guest is. New keys may come."
)


class Event(Noun, about="Something that happened. Of one VPS, in the order in which it happened."):
    id = whole("Its place in the feed, which only grows: the next `after`.", 123, minimum=1)
    type = word("What happened.", models.Event.Type.values, "vps.status_changed")
    created_at = moment("When it happened.")
    vps_id = or_null(VPS_ID | {"description": "The VPS, which may be deleted by now."})
    user_id = or_null(USER_ID | {"description": "Who owned it then."})
    operation_id = mostly_null(whole("The operation that it belongs to.", 9, minimum=1))
    source = word("From where: `system` is the panel itself.", models.Event.Source.values, "system")
    by = mostly_null(thing(BY, "Who did it."))
    data = {"type": "object", "description": ABOUT_DATA, "additionalProperties": True, "examples": [CHANGE]}


LAST = whole("The last event that there is: the next `after`.", 123, minimum=0)
FROM_THE_FUTURE = refusal(errors.CursorFromTheFuture, "CursorError", last=LAST)
CPU = or_null(value("number", "Share of its cores, from 0 to 1.", 0.25, minimum=0))
RATES = ("disk_read", "disk_written", "net_in", "net_out")
A_SECOND = or_null(whole("Bytes a second; null until it was heard twice.", 1200, minimum=0))
IN_USE = whole("In use, bytes.", 2_147_483_648, minimum=0)
TOTAL = whole("Of so many bytes.", 107_374_182_400, minimum=0)


class Usage(Noun, about="What a VPS uses, as last heard, some seconds ago. A figure that was not said is null."):
    cpu = CPU
    ram = thing({"used": or_null(IN_USE), "total": or_null(TOTAL)}, "Memory.")
    disk = thing({"used": mostly_null(IN_USE), "total": or_null(TOTAL)}, "`used` is null of a virtual machine.")
    rates = thing(dict.fromkeys(RATES, A_SECOND), "What goes through it.")
    uptime_s = or_null(whole("Seconds since its start.", 86_400, minimum=0))
    observed_at = moment("When this was heard.")


POINT = {"time": whole("Seconds since 1970, UTC.", 1_761_561_000), "cpu": CPU}
POINT |= dict.fromkeys(("ram_used", "ram_total"), or_null(value("number", "Bytes.", 2_147_483_648, minimum=0)))
POINT |= dict.fromkeys(RATES, or_null(value("number", "Bytes a second.", 1200, minimum=0)))


class History(Noun, about="What a VPS has used over time."):
    timeframe = word("How far back.", metrics.TIMEFRAMES)
    state = word("`pending`: being fetched, ask again in a second.", ["ready", "pending", "unavailable"], "pending")
    points = {"type": "array", "items": thing(POINT), "description": "Oldest first; null: not known.", "examples": [[]]}
    fetched_at = moment("When it was fetched; there when ready.")
    optional = ("fetched_at",)


RATED = {"status": SUCCESS, "vps_id": VPS_ID, "stats": or_null(Usage.ref), "history": History.ref}
STATS = thing(RATED, optional=["history"])
WITH_HISTORY = {"history": {"timeframe": "hour", "state": "pending", "points": []}}
