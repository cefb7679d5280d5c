"""Carry an operation one step on. Workers call it, as often as they like: who comes late or twice changes nothing.

At any moment one process works on a VPS: it holds a session advisory lock of PostgreSQL, which a killed process frees
at once and a paused one keeps. Whoever takes the turn raises the fence, and writes with an older fence are refused.
"""

from datetime import timedelta

from django.utils import timezone

from vps.hypervisor.base import HypervisorError
from vps.models import Operation
from vps.models.locks import OPERATIONS_OF_VPS, turn
from vps.services.power.finish import fail
from vps.services.power.plan import LATER, REBOOT
from vps.services.power.request import refusal
from vps.services.power.steps import next_step


def advance(operation_id: int) -> float | None:
    """One step. Returns the seconds until the next one is due, None where nothing is left to do for this caller."""
    vps_id = Operation.objects.open().filter(id=operation_id).values_list("vps_id", flat=True).first()
    if vps_id is None:
        return None
    with turn(OPERATIONS_OF_VPS, vps_id) as is_mine:
        operation = Operation.objects.claim(operation_id) if is_mine else None
        return take_turn(operation) if operation else None


def take_turn(operation: Operation) -> float | None:
    """A cluster that does not answer is asked again until the deadline."""
    if code := why_pointless(operation):
        fail(operation, code)
        return None
    is_late = timezone.now() >= operation.deadline_at
    pause = None if is_late and operation.intent_at is None else step(operation)
    if is_late:
        fail(operation, why_late(operation), operation.error_detail)
        return None
    return pause if pause is not None and come_back(operation, pause) else None


def step(operation: Operation) -> float | None:
    """What was sent gets a last look even when its time is over: it may be done. `fail` then finds it ended."""
    try:
        return next_step(operation)
    except HypervisorError as error:
        silent = {"step": Operation.Step.SILENT} if operation.intent_at is None else {}
        Operation.objects.write(operation, **silent, error_detail=error.detail)
        return LATER


def why_pointless(operation: Operation) -> str:
    """The code of why this can be asked of its VPS no more, or ''. A command that has left is followed to its end."""
    if operation.vps is None:
        return "vps_deleted"
    if not hasattr(operation.vps, "placement"):
        return "vps_unbound"
    error = refusal(operation.vps) if operation.intent_at is None else None
    return error.code if error else ""


def come_back(operation: Operation, seconds: float) -> bool:
    return Operation.objects.write(operation, due_at=timezone.now() + timedelta(seconds=seconds))


def why_late(operation: Operation) -> str:
    """What it was waiting for when its time ran out."""
    if operation.step == Operation.Step.LOCKED:
        return "vps_busy"
    if operation.step == Operation.Step.CONFIRMING and operation.kind == REBOOT:
        return "did_not_come_back"
    is_silent = operation.intent_at is None and operation.error_detail
    return "hypervisor_unavailable" if is_silent else "timed_out"
