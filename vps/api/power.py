"""POST /api/vps/{id}/<verb>, one endpoint for each verb: for customers' programs, by JWT. urls.py calls it."""

from collections.abc import Callable
from typing import Any

from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer, ValidationError

from vps import errors, operations
from vps.api import shapes
from vps.api.customer import get_vps, success
from vps.models import Event
from vps.operations.verb import Verb
from vps.operations.verbs import VERBS, variants_of
from web.errors import InvalidInput, invalid
from web.idempotency import idempotent
from web.openapi.endpoint import Answer, endpoint
from web.openapi.endpoint import success as success_of
from web.openapi.refusals import refusal
from web.openapi.shapes import body_of, example_of, text

Endpoint = Callable[..., Response]
REFUSES = (
    *(errors.VpsNotFound, errors.VpsSuspended, errors.VpsCreating, errors.VpsUnbound, errors.VpsMissing),
    *(errors.IdentityMismatch, errors.HypervisorUnsupported, errors.HypervisorUnavailable, shapes.IN_PROGRESS),
    refusal(errors.TooManyOperations, is_shown=False),
)


def described(verb: Verb) -> Callable[[Endpoint], Endpoint]:
    variants, params = variants_of(verb), verb.params
    answer = success_of(message=text("A sentence.", verb.requested), operation=shapes.OPERATION, vps=shapes.VPS)
    operation = {"operation": example_of(shapes.OPERATION) | {"kind": verb.kind}}
    examples = {verb.name: operation | ({"sent": {}} if params else {})}
    examples |= {other.name: operation | {"sent": {flag: True}} for flag, other in variants.items()}
    given: list[Any] = [Answer(answer.shape, examples, 202, "It will be done."), *REFUSES]
    return endpoint(
        *("Customers", f"{verb.name}Vps", *given, *([InvalidInput] if params else [])),
        description=f"{verb.summary}.\n\n{verb.about} Answered at once: the operation says how it goes.",
        request=body_of(params(), dict.fromkeys(variants, True)) if params else None,
    )


def endpoint_of(verb: Verb) -> Endpoint:
    """202 with the operation, without waiting for the hypervisor. Once, under a key."""

    @described(verb)
    @api_view(["POST"])
    @idempotent
    def power(request: Request, id: int) -> Response:
        vps = get_vps(request, id)
        params = checked(request, verb.params) if verb.params else {}
        asked = next((variant for flag, variant in variants_of(verb).items() if params.pop(flag)), verb)
        operation = operations.ask(vps, asked.name, by=request.user, source=Event.Source.API, params=params)
        return success(202, message=str(asked.requested), operation=operation.public(request.user), vps=vps.columns())

    return power


ENDPOINTS = {verb.name: endpoint_of(verb) for verb in VERBS.values() if not verb.variant_of}


def checked(request: Request, params: type[Serializer[Any]]) -> dict[str, Any]:
    """The body as the verb's params. There may be none; of one that is no object each param is wrong."""
    has_body = request.headers.get("Content-Length", "0") not in ("", "0")
    body = request.data if has_body else {}
    given = params(data=body if isinstance(body, dict) else dict.fromkeys(params().fields))
    try:
        given.is_valid(raise_exception=True)
    except ValidationError as error:
        raise invalid(error.detail, "%(faults)s") from error
    return dict(given.validated_data)
