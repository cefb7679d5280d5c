"""POST /api/vps/{id}/<verb>, for each verb that has an address of its own."""

from typing import Any

from django.utils import translation

from ospab_panel.openapi.door import Answer, Door
from ospab_panel.openapi.doors.customers import TAG
from ospab_panel.openapi.nouns.operation import EXAMPLE as OPERATION
from ospab_panel.openapi.nouns.vps import EXAMPLE as VPS
from ospab_panel.openapi.shapes import Schema, ref, success, text, thing, truth
from ospab_panel.openapi.told import TOO_MANY_OPERATIONS
from vps.errors import (
    HypervisorUnavailable,
    HypervisorUnsupported,
    IdentityMismatch,
    OperationInProgress,
    VpsCreating,
    VpsMissing,
    VpsNotFound,
    VpsSuspended,
    VpsUnbound,
)
from vps.operations.verb import Verb
from vps.operations.verbs import VERBS, variants_of
from web.errors import InvalidInput

REFUSALS = (
    VpsNotFound,
    VpsSuspended,
    VpsCreating,
    VpsUnbound,
    VpsMissing,
    IdentityMismatch,
    HypervisorUnsupported,
    HypervisorUnavailable,
    OperationInProgress,
)
FORCE: Schema = thing(
    {"force": truth("Cut the power at once. This alone overtakes an open operation.") | {"default": False}},
    optional=("force",),
)


def accepted(verb: Verb) -> dict[str, Any]:
    operation = OPERATION | {"kind": verb.kind}
    return {"status": "success", "message": str(verb.requested), "operation": operation, "vps": VPS}


def power(verb: Verb) -> Door:
    variants = {variant.name: {flag: True} for flag, variant in variants_of(verb).items()}
    asks: dict[str, Any] = {verb.name: {}} | variants if variants else {}
    return Door(
        id=f"{verb.name}Vps",
        tag=TAG,
        summary=verb.summary,
        about=f"{verb.about} Answered at once: the operation says how it goes.",
        body=FORCE if verb.params else None,
        is_body_optional=bool(verb.params),
        asks=asks,
        answers={
            202: Answer(
                "It will be done.",
                success(message=text("A sentence.", str(verb.requested)), operation=ref("Operation"), vps=ref("Vps")),
                {name: accepted(verb) for name in asks or [verb.name]},
            )
        },
        refusals=((InvalidInput,) if verb.params else ()) + REFUSALS,
        limited=(TOO_MANY_OPERATIONS,),
        refused={OperationInProgress.code: {"operation": OPERATION}},
    )


with translation.override("en"):
    DOORS = {f"POST /api/vps/{{id}}/{verb.name}": power(verb) for verb in VERBS.values() if not verb.variant_of}
