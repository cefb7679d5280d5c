"""/api/vps/sync…: the main site's endpoints. commands.py checks the shape of what comes, services.sync does it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import ApiKeyAuthentication
from accounts.call_facts import note, notes_calls
from accounts.permissions import IsMainSite
from vps import errors
from vps.api import batch, batch_body, sync_read
from vps.api import sync_shapes as shapes
from vps.api.commands import command_of, warnings_of
from vps.api.results import answer_of
from vps.services import sync
from web.concurrency_limit import at_most
from web.errors import InvalidInput, MissingFields
from web.idempotency import idempotent
from web.json_body import StrictJSONParser
from web.openapi.endpoint import Answer, endpoint
from web.shape import unknown_keys

MIB = 1024 * 1024
# Of the eight threads of a web process. Ten thousand operations are seconds of computing, and sixteen such batches at
# once kept their transactions open for longer than PostgreSQL lets them.
BATCHES_AT_ONCE = 2
Endpoint = Callable[..., Any]


def for_the_main_site(
    *methods: str,
    largest_body: int = MIB,
    at_once: int = 0,
    action: str = "",
    parser: type[StrictJSONParser] = StrictJSONParser,
) -> Callable[[Endpoint], Endpoint]:
    """Makes an endpoint for the API key alone. What is asked of it under an Idempotency-Key is done once.

    `action` is what the log of calls says, where no body says it.
    """

    def make(endpoint: Endpoint) -> Endpoint:
        once = idempotent(endpoint)
        limited = at_most(at_once)(once) if at_once else once
        made = api_view(methods)(
            authentication_classes([ApiKeyAuthentication])(
                permission_classes([IsMainSite])(notes_calls("vps", action)(limited))
            )
        )
        made.cls.parser_classes = [parser]
        made.cls.largest_body = largest_body  # type: ignore[attr-defined]  # web.json_body asks for it
        return made

    return make


described = partial(endpoint, "Main site")


@described("readVps", *sync_read.GIVEN, **sync_read.DESCRIPTION)
@described(
    "syncVps",
    Answer(shapes.SYNCED, shapes.CREATIONS, 201, "Created."),
    Answer(shapes.SYNCED, shapes.CHANGES, about="Changed or deleted, or so already: `vps` as it is, or was last."),
    *(InvalidInput, MissingFields, errors.UnknownUser, errors.UnknownCluster, errors.VpsNotFound, errors.VpsDeleted),
    *(errors.HypervisorMismatch, errors.PlacementTaken, errors.ExternalIdTaken, errors.ExternalIdMismatch),
    description="Say that a VPS was created, changed or deleted.\n\nEach may be said again: what is done already is not done "
    "twice. The path takes a slash at its end, too.",
    request=shapes.COMMAND,
    methods=["POST"],
)
@for_the_main_site("GET", "POST")
def sync_vps(request: Request) -> Response:
    """POST applies one sync command; GET reads what the panel holds, or with `digest` one digest of it."""
    if request.method == "POST":
        return apply_one(request.data)
    return sync_read.what_is_held(request)


@described(
    "syncVpsBatch",
    *(Answer(shapes.BATCH_ANSWER, shapes.BATCHES, about="What became of each."), InvalidInput),
    request=shapes.BATCH,
)
@for_the_main_site("POST", largest_body=16 * MIB, at_once=BATCHES_AT_ONCE, parser=batch_body.BatchParser)
def sync_batch(request: Request) -> HttpResponse:
    """Say up to 10,000 of these at once.

    In one transaction, and a body of up to 16 MiB. What of it failed is told in `results` by the codes of `POST
    /api/vps/sync`; with `atomic` nothing is done then, and the others are `not_applied`.
    """
    body: Any = request.data
    operations, is_atomic = batch_body.read(body)
    warnings = unknown_keys(body, {"operations", "atomic"})
    body.clear()  # Megabytes of it may be nobody's, and the work takes memory of its own.
    results = batch.apply(operations, is_atomic=is_atomic)
    note(request, failed=results.failed)
    return HttpResponse(results.answer(warnings), content_type="application/json")


# One command


def apply_one(given: Any) -> Response:
    result = sync.apply_one(command_of(given))
    answer = {"status": "success", "message": "VPS synced successfully"} | answer_of(result, warnings_of(given))
    return Response(answer, status=201 if result.is_new else 200)
