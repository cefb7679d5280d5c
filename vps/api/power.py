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
from web.openapi.bodies import body_of
from web.openapi.endpoint import Answer, endpoint
from web.openapi.endpoint import success as success_of
from web.openapi.refusals import refusal
from web.openapi.shapes import example_of, text

Endpoint = Callable[..., Response]
SUSPENDED = refusal(errors.VpsSuspended, "VpsSuspendedError", suspension=shapes.WHY_SUSPENDED)
REFUSES = (
    *(errors.VpsNotFound, SUSPENDED, errors.VpsCreating, errors.VpsUnbound, errors.VpsMissing),
    *(errors.IdentityMismatch, errors.HypervisorUnsupported, errors.HypervisorUnavailable, shapes.IN_PROGRESS),
)
COUNTED = refusal(errors.TooManyOperations, is_shown=False)


def described(verb: Verb) -> Callable[[Endpoint], Endpoint]:
    variants, params = variants_of(verb), verb.params
    answer = success_of(message=text("A sentence.", verb.requested), operation=shapes.OPERATION, vps=shapes.VPS)
    operation = {"operation": example_of(shapes.OPERATION) | {"kind": verb.kind}}
    examples = {verb.name: operation | ({"sent": {}} if params else {})}
    examples |= {other.name: operation | {"sent": {flag: True}} for flag, other in variants.items()}
    given: list[Any] = [Answer(answer.shape, examples, 202, "It will be done."), *REFUSES, COUNTED]
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
        params = checked(body_of_request(request), verb.params) if verb.params else {}
        asked = variant(verb, params)
        operation = operations.ask(vps, asked.name, by=request.user, source=Event.Source.API, params=params)
        return success(202, message=str(asked.requested), operation=operation.public(request.user), vps=vps.columns())

    return power


ENDPOINTS = {verb.name: endpoint_of(verb) for verb in VERBS.values() if not verb.variant_of}


def variant(verb: Verb, params: dict[str, Any]) -> Verb:
    """The verb that these params ask for, without the flags that say which."""
    flags = {flag for flag in variants_of(verb) if params.pop(flag)}
    return next((other for flag, other in variants_of(verb).items() if flag in flags), verb)


def body_of_request(request: Request) -> Any:
    """There may be none."""
    has_body = request.headers.get("Content-Length", "0") not in ("", "0")
    return request.data if has_body else {}


def checked(body: Any, params: type[Serializer[Any]]) -> dict[str, Any]:
    """The body as the verb's params. Of one that is no object each param is wrong."""
    given = params(data=body if isinstance(body, dict) else dict.fromkeys(params().fields))
    try:
        given.is_valid(raise_exception=True)
    except ValidationError as error:
        raise invalid(error.detail, "%(faults)s") from error
    return dict(given.validated_data)
