"""The steps after a command has left, perhaps: find its task, and follow it to its end. For `steps`."""

from contextlib import suppress

from vps.db import clock
from vps.hypervisor import Hypervisor
from vps.hypervisor.base import Refusal, Refused
from vps.models import Operation, Placement
from vps.operations import pauses, refusals
from vps.operations.confirm import confirm
from vps.operations.finish import fail
from vps.operations.phases import begin_again, has_had_its_time, phase_of, seconds_since_sent
from vps.operations.task_log import new_task_of

Step = Operation.Step


def find(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """Perhaps it was sent. The node knows; but a stray command may still arrive, so a first "no" is not the last.

    It may have left as late as now, by a worker that was paused: the time to wait begins with the first look.
    """
    if operation.step == Step.SENDING:
        operation.write(step=Step.FINDING, sent_at=clock.now())
    # Only whether the way is quick is asked here: a guest that has moved away meanwhile is an answer too.
    with suppress(Refused):
        hypervisor.glance(placement.ref_on(operation.node))
    traits = hypervisor.traits
    arrives_within_s = traits.stray_s if operation.error_detail else traits.orphan_s
    if handle := new_task_of(operation, placement, hypervisor):
        operation.write(handle=handle, step=Step.WORKING, error_detail="")
    elif hypervisor.slowest_s > traits.quick_s:
        operation.write(error_detail="the hypervisor is slow")
    elif seconds_since_sent(operation) > arrives_within_s:
        return begin_again(operation, hypervisor)
    return pauses.SOON


def follow(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    try:
        result = hypervisor.task(operation.handle)
    except Refused as refused:
        return without_task(operation, hypervisor, refused)
    if not result.is_finished and has_had_its_time(operation, hypervisor):
        return confirm(operation, placement, hypervisor)
    if not result.is_finished:
        return pauses.until_next_poll(seconds_since_sent(operation))
    if not result.is_success:
        why = Refused(hypervisor.task_refusal(result), result.exit_text)
        return refusals.after_refusal(operation, placement, hypervisor, why)
    operation.write(step=Step.CONFIRMING)
    return confirm(operation, placement, hypervisor)


def without_task(operation: Operation, hypervisor: Hypervisor, refused: Refused) -> float | None:
    """The node has forgotten the task. The guest itself may tell, but for a reset, which leaves no trace on it."""
    if refused.reason != Refusal.NO_TASK:
        raise refused
    if not phase_of(operation, hypervisor).leaves_trace:
        fail(operation, "outcome_unknown", refused.detail)
        return None
    operation.write(step=Step.CONFIRMING, error_detail=refused.detail)
    return pauses.SOON
