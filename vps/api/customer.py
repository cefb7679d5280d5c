"""/api/vps and /api/operations: the door of customers' programs, by JWT. Everybody sees their own and nobody else's."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from vps import operations
from vps.errors import OperationNotFound, VpsNotFound
from vps.models import Event, Operation, Vps
from vps.services import metrics
from web.errors import InvalidInput
from web.idempotency import idempotent
from web.query import page_after, page_before

LARGEST_PAGE = 1000
DEFAULT_PAGE = 1000
REQUESTED = {
    "start": _("Start requested"),
    "stop": _("Stop requested"),
    "restart": _("Hard restart requested"),
    "reboot": _("Reboot requested"),
}
Door = Callable[..., Response]


@api_view(["GET"])
def vps_list(request: Request) -> Response:
    """In id order. `next` is the address of the following page, or null."""
    page = page_after(request, default=DEFAULT_PAGE, most=LARGEST_PAGE)
    mine = Vps.objects.visible_to(request.user).select_related("placement__cluster")
    rows, following = page.cut(mine.filter(pk__gt=page.key).order_by("pk")[: page.reads])
    observed = {vps.pk: vps.observed for vps in rows}
    return success(count=len(rows), vps=[vps.columns() for vps in rows], observed=observed, next=following)


@api_view(["GET"])
def vps_detail(request: Request, id: int) -> Response:
    vps = get_vps(request, id)
    return success(vps=vps.columns(), observed=vps.observed)


@api_view(["GET"])
def stats(request: Request, id: int) -> Response:
    """What it uses, as last heard (null where nothing was heard of late), and with `timeframe` its history."""
    vps = get_vps(request, id)
    answer: dict[str, Any] = {"vps_id": vps.pk, "stats": metrics.usage(vps)}
    if timeframe := request.query_params.get("timeframe"):
        answer["history"] = {"timeframe": timeframe} | metrics.history(vps, checked_timeframe(timeframe))
    return success(**answer)


@api_view(["GET"])
def list_operations(request: Request, id: int) -> Response:
    """Newest first. `before` names the id to go on from."""
    page = page_before(request, default=DEFAULT_PAGE, most=LARGEST_PAGE)
    mine = get_vps(request, id).operations.visible_to(request.user)
    rows, following = page.cut(mine.filter(pk__lt=page.key).select_related("requested_by")[: page.reads])
    return success(operations=[operation.public(request.user) for operation in rows], next=following)


@api_view(["GET"])
def operation_detail(request: Request, id: int) -> Response:
    mine = Operation.objects.visible_to(request.user)
    operation = mine.select_related("requested_by").filter(pk=id).first()
    if operation is None:
        raise OperationNotFound
    return success(operation=operation.public(request.user))


def power_door(kind: str) -> Door:
    """POST /api/vps/{id}/<kind>: 202 with the operation, without waiting for the hypervisor. Once, under a key."""

    @api_view(["POST"])
    @idempotent
    def door(request: Request, id: int) -> Response:
        vps = get_vps(request, id)
        force = forced(request) if kind == Operation.Kind.STOP else False
        operation = operations.ask(vps, kind, by=request.user, source=Event.Source.API, force=force)
        return success(202, message=str(REQUESTED[kind]), operation=operation.public(request.user), vps=vps.columns())

    return door


start, stop, restart, reboot = (power_door(kind) for kind in Operation.Kind.values)


def get_vps(request: Request, id: int) -> Vps:
    """Somebody else's is not there, to the byte."""
    vps: Vps | None = Vps.objects.visible_to(request.user).select_related("placement__cluster").filter(pk=id).first()
    if vps is None:
        raise VpsNotFound
    return vps


def forced(request: Request) -> bool:
    has_body = request.headers.get("Content-Length", "0") not in ("", "0")
    body = request.data if has_body else {}
    value = body.get("force", False) if isinstance(body, dict) else None
    if not isinstance(value, bool):
        sentence = gettext("Must be true or false.")
        raise InvalidInput(f"force: {sentence}", errors={"force": [sentence]})
    return value


def checked_timeframe(given: str) -> str:
    if given not in metrics.TIMEFRAMES:
        sentence = gettext("Must be one of: %(words)s.") % {"words": ", ".join(metrics.TIMEFRAMES)}
        raise InvalidInput(f"timeframe: {sentence}", errors={"timeframe": [sentence]})
    return given


def success(status: int = 200, **answer: Any) -> Response:
    return Response({"status": "success"} | answer, status=status)
