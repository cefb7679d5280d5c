"""Carry an operation one step on. Workers call it, as often as they like: who comes late or twice changes nothing.

At any moment one process works on a VPS: it holds a session advisory lock of PostgreSQL, which a killed process frees
at once and a paused one keeps. Whoever takes the turn raises the fence, and writes with an older fence are refused.
"""

from vps.db import clock
from vps.db.locks import OPERATIONS_OF_VPS, try_lock
from vps.hypervisor.base import Hypervisor, HypervisorError
from vps.models import Operation
from vps.open_hypervisor import retry_in_s
from vps.operations import pauses
from vps.operations.finish import fail
from vps.operations.request import why_withheld
from vps.operations.steps import next_step
from vps.operations.verbs import verb_of
from web.crash_points import crash_point


def advance(
    id: int, vps_id: int, hypervisor: Hypervisor, least: float = pauses.NOW
) -> tuple[Operation, float | None] | None:
    """One turn. Returns the operation and the seconds until its next one, None where it has ended or was taken over.

    None altogether where this was nobody's turn, or is somebody else's. A pause is no shorter than `least`.
    """
    crash_point("before_claim")
    with try_lock(OPERATIONS_OF_VPS, vps_id) as is_mine:
        operation = Operation.objects.claim(id) if is_mine else None
        if operation is None:
            return None
        try:
            pause = advance_claimed(operation, hypervisor)
        except Exception:
            operation.postpone(pauses.LATER)
            raise
        if pause:
            pause = max(pause, least)
        if pause is not None:
            reschedule({operation: pause})
        return operation, pause


def reschedule(in_seconds: dict[Operation, float]) -> None:
    """Put these off. Whoever is heard again wakes those who sleep by then: who fell asleep just after looks once more."""
    Operation.objects.reschedule(in_seconds)
    long = [operation for operation, pause in in_seconds.items() if pause > pauses.LOCKED]
    woken = [operation for operation in long if until_asked_again(operation) <= pauses.LATER]
    Operation.objects.reschedule(dict.fromkeys(woken, pauses.LATER))


def advance_claimed(operation: Operation, hypervisor: Hypervisor) -> float | None:
    """To be called by whoever has claimed it. A cluster that does not answer is asked again until the deadline."""
    if operation.claims > pauses.MOST_TRIES:
        fail(operation, "too_many_tries", f"{pauses.MOST_TRIES} workers came to nothing in the middle of its turn")
        return None
    crash_point("after_claim")
    if code := why_pointless(operation):
        fail(operation, code)
        return None
    is_late = operation.claimed_at >= operation.deadline_at
    pause = None if is_late and operation.intent_at is None else run_step(operation, hypervisor)
    if is_late:
        fail(operation, why_late(operation), operation.error_detail)
        return None
    return pause


def run_step(operation: Operation, hypervisor: Hypervisor) -> float | None:
    """What was sent gets a last look even when its time is over: it may be done. `fail` then finds it ended."""
    try:
        return next_step(operation, hypervisor)
    except HypervisorError as error:
        unreachable = {"step": Operation.Step.UNREACHABLE} if operation.intent_at is None else {}
        operation.write(**unreachable, error_detail=error.detail)
        return until_asked_again(operation)


def until_asked_again(operation: Operation) -> float:
    """Seconds until the one that is unreachable is asked again, or the deadline: to come earlier would be in vain.

    Whoever hears of it before wakes all who wait.
    """
    placement = operation.vps.placement
    retry_in = retry_in_s(placement.cluster_id, {placement.node, operation.node})
    left = (operation.deadline_at - clock.now()).total_seconds()
    return max(pauses.LATER, min(retry_in, left))


def why_pointless(operation: Operation) -> str:
    """The code of why this can be asked of its VPS no more, or ''. A command that has left is followed to its end."""
    if operation.vps is None:
        return "vps_deleted"
    if not hasattr(operation.vps, "placement"):
        return "vps_unbound"
    return why_withheld(operation, operation.vps) if operation.intent_at is None else ""


def why_late(operation: Operation) -> str:
    """What it was waiting for when its time ran out."""
    if operation.step == Operation.Step.LOCKED:
        return "vps_busy"
    if operation.step == Operation.Step.DOWN:
        return "left_stopped"
    if operation.step in (Operation.Step.SENDING, Operation.Step.FINDING):
        return "outcome_unknown"
    if operation.down_since:
        return "did_not_come_back"
    if operation.step == Operation.Step.CONFIRMING:
        return verb_of(operation).unconfirmed_code
    is_unreachable = operation.intent_at is None and operation.error_detail
    return "hypervisor_unavailable" if is_unreachable else "timed_out"
