"""/api/vps and /api/operations: the door of customers' programs, by JWT. Everybody sees their own and nobody else's.

One operation the main site reads here, too, by its key, and sync_one.py beside this shows it what a customer is shown.
"""

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from rest_framework.decorators import api_view, authentication_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import KeyOrTokenAuthentication, MainSite, asking_for
from accounts.call_facts import note, notes_calls
from vps.api import shapes
from vps.errors import OperationNotFound, VpsNotFound
from vps.models import Operation, Vps
from vps.models.shown import observed
from vps.models.suspension import ReasonShape
from vps.services import metrics
from web.compiled_query import CompiledQuery, Question, whole
from web.errors import InvalidInput
from web.openapi.endpoint import Answer, endpoint, page, query
from web.openapi.endpoint import success as answer
from web.openapi.shapes import example_of, many, mostly_null, one_of, text
from web.query import Page, page_after, page_before

LARGEST_PAGE = 1000
DEFAULT_PAGE = 1000
described = partial(endpoint, "Customers")
NEXT = mostly_null(text("The address of the following page, or null.", "/api/vps?limit=100&after=17"))
SEEN = {"type": "object", "additionalProperties": shapes.OBSERVED, "description": "By the id of each."}
STATS = Answer(shapes.STATS, {"now": {}, "with a history": shapes.WITH_HISTORY})
TIMEFRAME = query("timeframe", one_of("Adds a history that goes back so far.", metrics.TIMEFRAMES))
OPERATIONS = answer("all", operations=many(shapes.OPERATION, "Newest first."), next=NEXT)
PAGE_OF_OPERATIONS = page("before", DEFAULT_PAGE, LARGEST_PAGE)
WHY = {"type": "object", "additionalProperties": shapes.SUSPENSION, "description": "By the id of each."}
SHOWN = [field.name for field in Vps._meta.concrete_fields]
SHOWN += [
    f"placement__{name}" for name in ("power", "power_since", "missing_since", "doubted_since", "identity_mismatch")
]
SHOWN += ["placement__vps", "placement__cluster__seen_at"]
SHOWN += [f"suspension__{name}" for name in ("reason", "message", "pay_url", "power", "since", "ended_at")]
LISTED = {
    "count": shapes.COUNT,
    "vps": many(shapes.VPS, "In id order."),
    "observed": SEEN,
    "suspension": WHY,
    "next": NEXT,
}


def listed() -> QuerySet[Vps]:
    """What the list shows of each, and no column more: a deferred one would be asked for row by row."""
    mine = Vps.objects.visible_to(whole("user_id")).filter(pk__gt=whole("after")).order_by("pk")
    return mine.select_related("placement__cluster", "suspension").only(*SHOWN)


LISTED_VPSES = CompiledQuery(listed, limit="reads")


def page_of_list(request: Request) -> Page:
    return page_after(request, default=DEFAULT_PAGE, most=LARGEST_PAGE)


def page_of_vpses(request: Request, user_id: int) -> Question:
    """Asked along with who is calling. Raises InvalidInput."""
    page = page_of_list(request)
    return LISTED_VPSES, {"user_id": user_id, "after": page.key, "reads": page.reads}


@described(
    "listVps",
    Answer(
        answer(**LISTED).shape, {"all": {"observed": {"17": example_of(shapes.OBSERVED)}, "suspension": {"17": None}}}
    ),
    InvalidInput,
    parameters=page("after", DEFAULT_PAGE, LARGEST_PAGE, default=0),
)
@api_view(["GET"])
@authentication_classes([asking_for(page_of_vpses)])
def vps_list(request: Request) -> Response:
    """Your servers, in id order."""
    bearer: Any = request.auth
    rows, following = page_of_list(request).cut(bearer.found)
    now = timezone.now()
    seen = {vps.id: observed(vps, now) for vps in rows}
    suspension = {vps.id: suspension_of(vps) for vps in rows}
    shown = [vps.columns() for vps in rows]
    return success(count=len(rows), vps=shown, observed=seen, suspension=suspension, next=following)


ONE = {"vps": shapes.VPS, "observed": shapes.OBSERVED, "suspension": shapes.SUSPENSION}


@described("getVps", answer("one", **ONE), VpsNotFound)
@api_view(["GET"])
def vps_detail(request: Request, id: int) -> Response:
    """One of your servers."""
    vps = get_vps(request, id)
    return success(vps=vps.columns(), observed=vps.observed, suspension=suspension_of(vps))


@described("getVpsStats", STATS, InvalidInput, VpsNotFound, parameters=[TIMEFRAME])
@api_view(["GET"])
def stats(request: Request, id: int) -> Response:
    """What it uses of CPU, RAM, disk and network.

    As last heard; `stats` is null where nothing was heard of late.
    """
    return stats_of(request, get_vps(request, id))


def stats_of(request: Request, vps: Vps) -> Response:
    answer: dict[str, Any] = {"vps_id": vps.pk, "stats": metrics.usage(vps)}
    if timeframe := request.query_params.get("timeframe"):
        answer["history"] = {"timeframe": timeframe, **metrics.history(vps, checked_timeframe(timeframe))}
    return success(**answer)


@described("listOperations", OPERATIONS, InvalidInput, VpsNotFound, parameters=PAGE_OF_OPERATIONS)
@api_view(["GET"])
def list_operations(request: Request, id: int) -> Response:
    """What was asked of it, newest first."""
    return page_of_operations(request, get_vps(request, id).operations.visible_to(request.user))


def page_of_operations(request: Request, found: QuerySet[Operation]) -> Response:
    page = page_before(request, default=DEFAULT_PAGE, most=LARGEST_PAGE)
    rows, following = page.cut(found.filter(pk__lt=page.key).select_related("requested_by")[: page.reads])
    return success(operations=[operation.public(reader(request)) for operation in rows], next=following)


@described("getOperation", answer("one", operation=shapes.OPERATION), OperationNotFound)
@api_view(["GET"])
@authentication_classes([KeyOrTokenAuthentication])
@notes_calls(action="operation")
def operation_detail(request: Request, id: int) -> Response:
    """How an operation goes, or went.

    A customer reads those of their servers by a JWT, the main site any by its key.
    """
    found = Operation.objects.all() if is_main_site(request) else Operation.objects.visible_to(request.user)
    operation = found.select_related("requested_by").filter(pk=id).first()
    if operation is None:
        raise OperationNotFound
    if is_main_site(request):
        note(request, vps_id=operation.vps_id)
    return success(operation=operation.public(reader(request)))


def is_main_site(request: Request) -> bool:
    return isinstance(request.user, MainSite)


def reader(request: Request) -> Any:
    """To whom names are shown; None is the main site, which sees all."""
    return None if is_main_site(request) else request.user


def get_vps(request: Request, id: int) -> Vps:
    """Somebody else's is not there, to the byte."""
    mine = Vps.objects.visible_to(request.user).select_related("placement__cluster", "suspension")
    vps: Vps | None = mine.filter(pk=id).first()
    if vps is None:
        raise VpsNotFound
    return vps


def suspension_of(vps: Vps) -> ReasonShape | None:
    """None of one that is not suspended."""
    suspension = vps.current_suspension
    return suspension.for_customer() if suspension else None


def checked_timeframe(given: str) -> str:
    if given not in metrics.TIMEFRAMES:
        sentence = gettext("Must be one of: %(words)s.") % {"words": ", ".join(metrics.TIMEFRAMES)}
        raise InvalidInput(f"timeframe: {sentence}", errors={"timeframe": [sentence]})
    return given


def success(status: int = 200, **answer: Any) -> Response:
    return Response({"status": "success"} | answer, status=status)
