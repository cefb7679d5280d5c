"""/api/vps/sync…: the main site's endpoints. commands.py checks the shape of what comes, services.sync does it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import ApiKeyAuthentication
from accounts.call_facts import note, notes_calls
from accounts.permissions import IsMainSite
from vps import errors
from vps.api import sync_read
from vps.api import sync_shapes as shapes
from vps.api.commands import command_of, warnings_of
from vps.api.sync_shapes import MOST_AT_ONCE
from vps.errors import NotApplied
from vps.services import sync
from web.concurrency_limit import at_most
from web.errors import InvalidInput, MissingFields, PanelError, invalid
from web.idempotency import idempotent
from web.openapi.endpoint import Answer, endpoint
from web.shape import refuse_no_object, unknown_keys

MIB = 1024 * 1024
# Of the eight threads of a web process. Ten thousand operations are seconds of computing, and sixteen such batches at
# once kept their transactions open for longer than PostgreSQL lets them.
BATCHES_AT_ONCE = 2
Endpoint = Callable[..., Any]


def for_the_main_site(
    *methods: str, largest_body: int = MIB, at_once: int = 0, action: str = ""
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
@for_the_main_site("POST", largest_body=16 * MIB, at_once=BATCHES_AT_ONCE)
def sync_batch(request: Request) -> Response:
    """Say up to 10,000 of these at once.

    In one transaction, and a body of up to 16 MiB. What of it failed is told in `results` by the codes of `POST
    /api/vps/sync`; with `atomic` nothing is done then, and the others are `not_applied`.
    """
    body: Any = request.data
    operations, is_atomic = batch_of(body)
    warnings = unknown_keys(body, {"operations", "atomic"})
    body.clear()  # Megabytes of it may be nobody's, and the work takes memory of its own.
    outcomes = outcomes_of(operations, is_atomic)
    results = [{"index": at} | result_of(*pair) for at, pair in enumerate(zip(outcomes, operations, strict=True))]
    note(request, failed=failures(results))
    answer = {"status": summary(results), "results": results}
    return Response(answer | ({"warnings": warnings} if warnings else {}))


# One command


def apply_one(given: Any) -> Response:
    result = sync.apply_one(command_of(given))
    answer = {"status": "success", "message": "VPS synced successfully"} | answer_of(result, given)
    return Response(answer, status=201 if result.is_new else 200)


def answer_of(result: sync.Result, given: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"vps": result.row}
    if result.was_deleted:
        answer["already_deleted"] = True
    if warnings := [*warnings_of(given), *result.warnings]:
        answer["warnings"] = warnings
    if not result.is_applied:
        answer["applied"] = False
    return answer


# Many


def batch_of(body: Any) -> tuple[list[Any], bool]:
    refuse_no_object(body)
    operations, is_atomic = body.get("operations"), body.get("atomic", False)
    if not isinstance(operations, list) or len(operations) > MOST_AT_ONCE:
        raise invalid({"operations": f"Must be a list of at most {MOST_AT_ONCE} operations."})
    if not isinstance(is_atomic, bool):
        raise invalid({"atomic": "Must be true or false."})
    return operations, is_atomic


def outcomes_of(operations: list[Any], is_atomic: bool) -> list[sync.Outcome]:
    """In order. What is no valid command is not applied, and in an atomic batch then nothing is."""
    read = [parsed(operation) for operation in operations]
    bad = next((one for one in read if isinstance(one, PanelError)), None)
    if bad and is_atomic:
        return [one if one is bad else NotApplied() for one in read]
    commands = [one for one in read if isinstance(one, sync.SyncCommand)]
    outcomes = iter(sync.apply(commands, is_atomic=is_atomic))
    return [one if isinstance(one, PanelError) else next(outcomes) for one in read]


def parsed(operation: Any) -> sync.SyncCommand | PanelError:
    try:
        return command_of(operation)
    except PanelError as error:
        return error


def result_of(outcome: sync.Outcome, given: Any) -> dict[str, Any]:
    return outcome.serialize() if isinstance(outcome, PanelError) else {"status": "success"} | answer_of(outcome, given)


def failures(results: list[dict[str, Any]]) -> int:
    return sum(result["status"] == "error" for result in results)


def summary(results: list[dict[str, Any]]) -> str:
    failed = failures(results)
    if not failed:
        return "success"
    return "error" if failed == len(results) else "partial"
