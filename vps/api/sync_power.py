"""POST /api/vps/sync/{id}/<verb> and …/external/{external_id}/<verb>: the buttons, for the main site by its key.

One endpoint for each verb and way of naming. urls.py calls it.
"""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.call_facts import note
from accounts.errors import UserInactive
from vps import errors, operations
from vps.api import power, shapes, sync_shapes
from vps.api.customer import success
from vps.api.sync import described, for_the_main_site
from vps.api.sync_one import NAMINGS, Naming, vps_of
from vps.operations.verb import Verb
from vps.operations.verbs import VERBS, variants_of
from web.errors import InvalidInput
from web.fields import WholeNumber
from web.openapi.bodies import body_of
from web.openapi.endpoint import Answer
from web.openapi.shapes import example_of
from web.shape import refuse_no_object, unknown_keys

OWNER = (
    "The owner's id, where the owner asked you for it: the operation is theirs by name then, and else the main site's."
)
ABOUT = (
    "What is refused to the customer is refused here, and events say `sync`. It takes nothing of the customer's operations a "
    "minute, and has no such limit of its own: a VPS has one open operation."
)
Params = type[serializers.Serializer[Any]]


class MainSiteParams(serializers.Serializer[Any]):
    on_behalf_of = WholeNumber(required=False, help_text=OWNER)


def params_of(verb: Verb) -> Params:
    """What the main site may say, beside what the verb itself takes."""
    verbs = [verb.params] if verb.params else []
    return type(f"{verb.name.title()}MainSiteParams", (*verbs, MainSiteParams), {})


def endpoint_of(verb: Verb, naming: Naming) -> Any:
    """As the customer's: 202 with the operation, without waiting for the hypervisor. Once, under a key."""
    params = params_of(verb)

    @described(
        f"{verb.name}SyncedVps{naming.suffix}",
        Answer(sync_shapes.ASKED, examples_of(verb), 202, "It will be done."),
        *(*power.REFUSES, errors.VpsDeleted, errors.UnknownUser, UserInactive, InvalidInput),
        description=f"{verb.summary}.\n\n{verb.about} {ABOUT}",
        request=body_of(params(), dict.fromkeys(variants_of(verb), True) | {"on_behalf_of": 5}),
    )
    @for_the_main_site("POST", action=verb.name)
    def asked(request: Request, **name: Any) -> Response:
        body, vps = power.body_of_request(request), vps_of(request, **name)
        refuse_no_object(body)
        given = power.checked(body, params)
        user_id = given.pop("on_behalf_of", None)
        note(request, user_id=user_id)
        wanted = power.variant(verb, given)
        operation = operations.ask_for_main_site(vps, wanted.name, on_behalf_of=user_id, params=given)
        warnings = unknown_keys(body, params().fields.keys())
        more = {"warnings": warnings} if warnings else {}
        return success(202, message=str(wanted.requested), operation=operation.public(), vps=vps.row(), **more)

    return asked


def examples_of(verb: Verb) -> dict[str, Any]:
    operation = example_of(shapes.OPERATION) | {"kind": verb.kind}
    answer = {"message": verb.requested, "vps": sync_shapes.VPS}
    by_itself = answer | {"operation": operation | {"requested_by": None}}
    flags = {other.name: by_itself | {"sent": {flag: True}} for flag, other in variants_of(verb).items()}
    on_behalf = answer | {"sent": {"on_behalf_of": 5}, "operation": operation}
    return {verb.name: by_itself | {"sent": {}}, "on behalf of the owner": on_behalf} | flags


ENDPOINTS = {
    f"{naming.route}/{verb.name}": endpoint_of(verb, naming)
    for naming in NAMINGS
    for verb in VERBS.values()
    if not verb.variant_of
}
