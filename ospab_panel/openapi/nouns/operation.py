"""An operation, and the refusal that carries one."""

from ospab_panel.openapi.nouns.vps import ID_MAX, VPS_ID
from ospab_panel.openapi.reusable import ERROR
from ospab_panel.openapi.shapes import Schema, always, moment, or_null, ref, text, thing, whole, word
from vps.errors import OperationInProgress
from vps.models import Operation

ID = 9
FAILED = thing(
    {
        "code": text("A stable word for programs.", "guest_did_not_shut_down", 40),
        "message": text("A sentence for the customer.", "The server was deleted meanwhile."),
    },
    "Why it failed.",
)
WHO = "Who asked for it, by username. Of the staff a customer reads `staff`, of other customers null."
OPERATION = thing(
    {
        "id": whole("The operation's id.", ID, 1),
        "vps_id": or_null(whole("The VPS.", VPS_ID, 1, ID_MAX)),
        "kind": word("What was asked for. `restart` is hard, `reboot` asks the guest's system.", Operation.Kind.values),
        "state": word(
            "`succeeded` means that the guest was seen in the state that was asked for.", Operation.State.values
        ),
        "progress": whole("Percent.", 50, 0, 100),
        "error": or_null(FAILED),
        "requested_by": or_null(
            text(
                "Who asked for it, by username. Of the staff a customer reads `staff`, of other customers null.",
                "alice",
                150,
            )
        ),
        "created_at": moment("When it was asked for."),
        "started_at": or_null(moment("When work on it began.")),
        "finished_at": or_null(moment("When it ended.")),
    },
    "Something asked of a VPS that takes time. Poll it, or read its events.",
)
IN_PROGRESS: Schema = thing(
    ERROR["properties"] | {"code": always(OperationInProgress.code), "operation": ref("Operation")},
    "One VPS has one open operation at most: this is it.",
    optional=("errors",),
)

EXAMPLE = {
    "id": ID,
    "vps_id": VPS_ID,
    "kind": "reboot",
    "state": "queued",
    "progress": 0,
    "error": None,
    "requested_by": "alice",
    "created_at": "2025-10-27T10:30:00Z",
    "started_at": None,
    "finished_at": None,
}
