"""End an operation, once: the row, the VPS's state and the event in one transaction. For the modules of this package."""

from typing import Any

from django.db import transaction

from vps import notify
from vps.hypervisor.base import OBSERVED, Look
from vps.models import Event, Operation, Placement, Vps


def succeed(operation: Operation, look: Look) -> None:
    """`look` is the sight that proves it."""
    end(operation, Operation.State.SUCCEEDED, look=look, step=Operation.Step.DONE)


def fail(operation: Operation, code: str, detail: str = "", *, look: Look | None = None) -> None:
    """`code` is one of models.failures; `detail` is the raw text, for staff alone."""
    end(operation, Operation.State.FAILED, look=look, error_code=code, error_detail=detail)


@transaction.atomic
def end(operation: Operation, state: Operation.State, *, look: Look | None, **columns: Any) -> None:
    """A worker whose claim was taken over meanwhile changes nothing."""
    if not Operation.objects.end(operation, state, **columns) or operation.vps is None:
        return
    if look is not None:
        record_look(operation.vps, operation, look)
    notify.pages(operation.vps.pk, operation.vps.user_id)


def record_look(vps: Vps, operation: Operation, look: Look) -> None:
    node = operation.node or vps.placement.node
    Placement.objects.looked(vps.placement.pk, power=look.power, node=node)
    if look.power in OBSERVED and look.power != vps.status and vps.status in Vps.OBSERVED:
        Vps.objects.observed([vps.pk], look.power)
        was, vps.status = vps.status, look.power
        Event.objects.record(
            "vps.status_changed", vps, source=Event.Source.SYSTEM, operation=operation, was=was, status=look.power
        )
