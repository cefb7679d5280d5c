"""End an operation, once: the row, the VPS's state and the event in one transaction. For the modules of this package."""

from datetime import datetime
from typing import Any

from django.db import transaction

from vps import notify
from vps.hypervisor.base import OBSERVED, Look
from vps.marks import Marks, identity
from vps.models import Operation, Placement, Vps
from web.crash_points import crash_point


def succeed(operation: Operation, look: Look) -> None:
    """`look` is the sight that proves it."""
    end(operation, Operation.State.SUCCEEDED, look=look, step=Operation.Step.DONE)


def fail(operation: Operation, code: str, detail: str = "", *, look: Look | None = None, **columns: Any) -> None:
    """`code` is one of models.failures; `detail` is the raw text, for staff alone."""
    end(operation, Operation.State.FAILED, look=look, error_code=code, error_detail=detail, **columns)


@transaction.atomic
def go_down(operation: Operation, look: Look, **columns: Any) -> None:
    """What was to be rebooted is down, and stays so for now: its page says so while the operation goes on."""
    vpses, _ = lock(operation)
    if operation.write(**columns):
        for vps in vpses:
            record_look(vps, operation, look)
            notify.pages(vps.pk, vps.user_id)


@transaction.atomic
def fail_identity_mismatch(operation: Operation, placement: Placement, found: Marks, **columns: Any) -> None:
    """Another guest stands under the key that was bound: nothing is sent, and staff are told."""
    lock(operation)
    placement.record_mismatch(found)
    fail(
        operation,
        "identity_mismatch",
        f"{placement} is {identity(found)}, and {placement.identity} was bound",
        **columns,
    )


@transaction.atomic
def fail_missing(operation: Operation, placement: Placement, detail: str, **columns: Any) -> None:
    """No guest stands under the key that was bound: staff are told, and what was sold stays on record."""
    lock(operation)
    placement.record_missing()
    fail(operation, "vps_missing", detail, **columns)


def end(operation: Operation, state: Operation.State, *, look: Look | None, **columns: Any) -> None:
    crash_point("before_end")
    write_end(operation, state, look, **columns)
    crash_point("after_end")


@transaction.atomic
def write_end(operation: Operation, state: Operation.State, look: Look | None, **columns: Any) -> None:
    """A worker whose claim was taken over meanwhile changes nothing."""
    vpses, now = lock(operation)
    if not operation.end(state, now, **columns) or look is None:
        return
    for vps in vpses:
        record_look(vps, operation, look)


def lock(operation: Operation) -> tuple[list[Vps], datetime]:
    """The row of its VPS, where that is there, and the time. Who owns it now is who is told, whoever it was when the claim was
    taken."""
    vpses, now = Vps.objects.locked_now(operation.vps_id)
    for vps in vpses:
        operation.vps.user_id = vps.user_id
    return vpses, now


def record_look(vps: Vps, operation: Operation, look: Look) -> None:
    operation.vps.placement.see(power=look.power, node=look.node)
    if look.power in OBSERVED:
        Vps.objects.move([vps], look.power, operation)
