"""The steps before a command has left: look, wait until the guest is free, write the intent, send. For `steps`."""

import time
from datetime import datetime

from django.db import transaction

from vps.db import clock
from vps.hypervisor import Hypervisor
from vps.hypervisor.base import Look, OutcomeUnknown, Power, Refused, Unreachable
from vps.models import Operation, Placement, Vps
from vps.operations import pauses, refusals
from vps.operations.finish import fail, fail_identity_mismatch, succeed
from vps.operations.phases import begin_next_phase, command_of, held_up, is_at_goal, phase_of
from vps.operations.predecessor import clear_the_way, may_be_undone, may_still_act
from vps.operations.request import why_withheld
from vps.operations.task_log import intent_of, tasks_of_others
from vps.operations.verbs import verb_of
from web.crash_points import crash_point

Step = Operation.Step


def begin(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """Look before acting: what is done already needs no command, and what cannot be done gets none."""
    ref = placement.ref
    try:
        look, identity = hypervisor.look(ref), hypervisor.identity(ref)
    except Refused as refused:
        return refusals.after_refused_look(operation, placement, hypervisor, refused)
    if not placement.claim(identity):
        fail_identity_mismatch(operation, placement, identity)
        return None
    verb = verb_of(operation)
    if verb.may_overtake and clear_the_way(operation, placement, hypervisor):
        return pauses.SOON
    if verb.is_done_already(operation, look) and not may_be_undone(operation, look, hypervisor):
        return accept(operation, placement, hypervisor)
    if (operation.attempts or operation.phase) and is_at_goal(operation, look, hypervisor):
        return begin_next_phase(operation, look)
    command = command_of(operation, hypervisor)
    if code := verb.why_impossible(operation, look, command):
        fail(operation, code, look=look)
        return None
    if command in look.waits_for:
        return wait_until_free(operation, look)
    return intend(operation, placement, hypervisor, look)


def wait_until_free(operation: Operation, look: Look) -> float:
    """Nothing is sent while the guest is locked."""
    step = Step.DOWN if operation.down_since else Step.LOCKED
    waiting = {"step": step, "node": look.node, "error_detail": look.waits}
    operation.write(**running(operation, clock.now()), **waiting)
    return pauses.LOCKED


def look_if_free(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """Nothing was sent, or it did nothing. When the guest is free, it begins again."""
    try:
        look = hypervisor.glance(placement.ref)
    except Refused as refused:
        return refusals.after_refused_look(operation, placement, hypervisor, refused)
    is_held_up = command_of(operation, hypervisor) in look.waits_for
    if is_held_up and not verb_of(operation).is_done_already(operation, look):
        return pauses.LOCKED
    operation.write(step=Step.WAITING)
    return pauses.NOW


def accept(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """It is as was asked, without a command, unless something of before is about to change it, or just has."""
    if may_still_act(operation, placement, hypervisor):
        return pauses.SOON
    look = hypervisor.look(placement.ref)
    if not verb_of(operation).is_done_already(operation, look) or may_be_undone(operation, look, hypervisor):
        return pauses.NOW
    succeed(operation, look)
    return None


def intend(operation: Operation, placement: Placement, hypervisor: Hypervisor, look: Look) -> float | None:
    """Commit what is about to be sent, and send it."""
    if operation.attempts >= pauses.MOST_TRIES:
        fail(operation, "too_many_tries", operation.error_detail)
        return None
    others = tasks_of_others(operation, placement, hypervisor, look)
    if not (phase := phase_of(operation, hypervisor)).checks_lock:
        look = hypervisor.look(placement.ref_on(look.node))
        if phase.command in look.waits_for:
            return wait_until_free(operation, look)
    leave_by = time.monotonic() + pauses.LEAVES_WITHIN_S
    if not write_intent(operation, look, sent_as=hypervisor.caller, others=others):
        return None
    crash_point("after_intent")
    return send(operation, placement, hypervisor, look, leave_by=leave_by)


@transaction.atomic
def write_intent(operation: Operation, look: Look, *, sent_as: str, others: list[str]) -> bool:
    """Unless the server was suspended, or is so no more, while its guest was looked at: whoever comes after this comes too
    late."""
    vpses, now = Vps.objects.locked_now(operation.vps_id)
    for vps in vpses:
        if code := why_withheld(operation, vps):
            fail(operation, code)
            return False
    intent = {"intent_at": intent_of(look, now), "sent_at": now, "sent_after": now}
    trial = {"attempts": operation.attempts + 1, "sent_as": sent_as, "step": Step.SENDING, "error_detail": ""}
    spent = {"spent_handles": list(dict.fromkeys([*operation.spent_handles, *others]))}
    guest = {"node": look.node, "is_managed": look.is_managed}
    return operation.write(**running(operation, now), **intent, **trial, **spent, **guest)


def running(operation: Operation, now: datetime) -> dict[str, object]:
    return {"state": Operation.State.RUNNING, "started_at": operation.started_at or now}


def send(
    operation: Operation, placement: Placement, hypervisor: Hypervisor, look: Look, *, leave_by: float
) -> float | None:
    """The intent is committed. Whatever happens from here on, `find` asks the node before anything is sent again."""
    ref = placement.ref_on(operation.node)
    limit_s = pauses.PAUSED_LIMIT_S if look.power == Power.PAUSED else pauses.SHUTDOWN_LIMIT_S
    asked = command_of(operation, hypervisor)
    try:
        handle = hypervisor.send(ref, asked, limit_s, is_managed=look.is_managed, leave_by=leave_by)
    except OutcomeUnknown as unknown:
        operation.write(error_detail=unknown.detail)
        return pauses.SOON
    except Unreachable as unreachable:
        operation.write(**held_up(operation), error_detail=unreachable.detail)
        return pauses.LATER
    except Refused as refused:
        return refusals.after_refusal(operation, placement, hypervisor, refused)
    crash_point("before_record")
    operation.write(handle=handle, step=Step.WORKING if handle else Step.CONFIRMING)
    crash_point("after_record")
    return pauses.until_next_poll(0)
