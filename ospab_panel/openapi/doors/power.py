"""POST /api/vps/{id}/start, stop, restart, reboot."""

from typing import Any

from ospab_panel.openapi.door import Answer, Door
from ospab_panel.openapi.doors.customers import TAG
from ospab_panel.openapi.nouns.operation import EXAMPLE as OPERATION
from ospab_panel.openapi.nouns.vps import EXAMPLE as VPS
from ospab_panel.openapi.shapes import Schema, ref, success, text, thing, truth
from ospab_panel.openapi.told import TOO_MANY_OPERATIONS
from vps.errors import (
    HypervisorUnavailable,
    HypervisorUnsupported,
    OperationInProgress,
    VpsCreating,
    VpsMissing,
    VpsMistaken,
    VpsNotFound,
    VpsSuspended,
    VpsUnbound,
)
from web.errors import InvalidInput

REFUSALS = (
    VpsNotFound,
    VpsSuspended,
    VpsCreating,
    VpsUnbound,
    VpsMissing,
    VpsMistaken,
    HypervisorUnsupported,
    HypervisorUnavailable,
    OperationInProgress,
)
FORCE: Schema = thing(
    {"force": truth("Cut the power at once. This alone overtakes an open operation.") | {"default": False}},
    optional=("force",),
)
DONE_SO = "Done so already, it succeeds without a command to the hypervisor."
WORDS = {
    "start": ("Switch a server on", "Start requested", DONE_SO),
    "stop": (
        "Shut a server down",
        "Stop requested",
        f"Its system is asked; the power is cut where it does not go down. {DONE_SO}",
    ),
    "restart": (
        "Restart a server hard",
        "Hard restart requested",
        "As the reset button does: its system is not asked.",
    ),
    "reboot": ("Reboot a server's system", "Reboot requested", "Its system is asked."),
}


def accepted(kind: str, sentence: str) -> dict[str, Any]:
    return {"status": "success", "message": sentence, "operation": OPERATION | {"kind": kind}, "vps": VPS}


def power(kind: str) -> Door:
    summary, sentence, about = WORDS[kind]
    is_stop = kind == "stop"
    asks = {"stop": {}, "forced": {"force": True}} if is_stop else {}
    return Door(
        id=f"{kind}Vps",
        tag=TAG,
        summary=summary,
        about=f"{about} Answered at once: the operation says how it goes.",
        body=FORCE if is_stop else None,
        is_body_optional=is_stop,
        asks=asks,
        answers={
            202: Answer(
                "It will be done.",
                success(message=text("A sentence.", sentence), operation=ref("Operation"), vps=ref("Vps")),
                {name: accepted(kind, sentence) for name in asks or [kind]},
            )
        },
        refusals=((InvalidInput,) if is_stop else ()) + REFUSALS,
        limited=(TOO_MANY_OPERATIONS,),
        refused={OperationInProgress.code: {"operation": OPERATION}},
    )


DOORS = {f"POST /api/vps/{{id}}/{kind}": power(kind) for kind in WORDS}
