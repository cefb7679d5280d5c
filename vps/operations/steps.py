"""The steps of an operation, each of which may be repeated: look, intend, send, find, follow, confirm. For `advance`.

Each returns the seconds until the next step, or None when the operation has ended or was taken over.
"""

import time
from contextlib import suppress
from typing import Any

from django.db import transaction

from vps.db import clock
from vps.hypervisor import Hypervisor
from vps.hypervisor.base import Look, OutcomeUnknown, Power, Refusal, Refused, Unreachable
from vps.models import Operation, Placement, Vps
from vps.operations import pauses, refusals
from vps.operations.finish import fail, fail_identity_mismatch, succeed
from vps.operations.phases import (
    begin_next_phase,
    command_of,
    has_reached_goal,
    held_up,
    is_last_phase,
    not_sent,
    phase_of,
)
from vps.operations.predecessor import clear_the_way, may_be_undone, may_still_act
from vps.operations.request import prohibition
from vps.operations.task_log import intent_of, new_task_of, tasks_of_others
from vps.operations.verbs import verb_of
from web.crash_points import crash_point

Step = Operation.Step


def next_step(operation: Operation, hypervisor: Hypervisor) -> float | None:
    """Raises HypervisorError where the cluster could not be asked; nothing is lost by asking again."""
    placement = operation.vps.placement
    if operation.step in (Step.LOCKED, Step.DOWN):
        return look_if_free(operation, placement, hypervisor)
    if operation.step == Step.CONFIRMING:
        return confirm(operation, placement, hypervisor)
    if operation.handle:
        return follow(operation, placement, hypervisor)
    if operation.intent_at is not None:
        return find(operation, placement, hypervisor)
    return begin(operation, placement, hypervisor)


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
    if (operation.attempts or operation.phase) and has_reached_goal(operation, look, hypervisor):
        return begin_next_phase(operation, look)
    if code := verb.why_impossible(operation, look):
        fail(operation, code, look=look)
        return None
    if command_of(operation, hypervisor) in look.waits_for:
        return wait_until_free(operation, look)
    return intend(operation, placement, hypervisor, look)


def wait_until_free(operation: Operation, look: Look) -> float:
    """Nothing is sent while the guest is locked."""
    step = Step.DOWN if operation.down_since else Step.LOCKED
    waiting = {"step": step, "node": look.node, "error_detail": look.waits}
    Operation.objects.write(operation, **running(operation), **waiting)
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
    Operation.objects.write(operation, step=Step.WAITING)
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
    now = clock.now()
    intent = {"intent_at": intent_of(look), "sent_at": now, "sent_after": now, "node": look.node, "step": Step.SENDING}
    trial = {"attempts": operation.attempts + 1, "sent_as": hypervisor.caller, "error_detail": ""}
    trial |= {"is_managed": look.is_managed, "spent_handles": list(dict.fromkeys([*operation.spent_handles, *others]))}
    if not write_intent(operation, **running(operation), **intent, **trial):
        return None
    crash_point("after_intent")
    return send(operation, placement, hypervisor, look, leave_by=leave_by)


@transaction.atomic
def write_intent(operation: Operation, **columns: Any) -> bool:
    """Unless the server was suspended while its guest was looked at: whoever comes after this comes too late."""
    for vps in Vps.objects.locked([operation.vps_id]):
        if error := prohibition(vps):
            fail(operation, error.code)
            return False
    return Operation.objects.write(operation, **columns)


def running(operation: Operation) -> dict[str, object]:
    return {"state": Operation.State.RUNNING, "started_at": operation.started_at or clock.now()}


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
        Operation.objects.write(operation, error_detail=unknown.detail)
        return pauses.SOON
    except Unreachable as unreachable:
        Operation.objects.write(operation, **held_up(operation), error_detail=unreachable.detail)
        return pauses.LATER
    except Refused as refused:
        return refusals.after_refusal(operation, placement, hypervisor, refused)
    crash_point("before_record")
    Operation.objects.write(operation, handle=handle, step=Step.WORKING if handle else Step.CONFIRMING)
    crash_point("after_record")
    return pauses.SOON


def find(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """Perhaps it was sent. The node knows; but a stray command may still arrive, so a first "no" is not the last.

    It may have left as late as now, by a worker that was paused: the time to wait begins with the first look.
    """
    if operation.step == Step.SENDING:
        Operation.objects.write(operation, step=Step.FINDING, sent_at=clock.now())
    # Only whether the way is quick is asked here: a guest that has moved away meanwhile is an answer too.
    with suppress(Refused):
        hypervisor.glance(placement.ref_on(operation.node))
    traits = hypervisor.traits
    arrives_within_s = traits.stray_s if operation.error_detail else traits.orphan_s
    if handle := new_task_of(operation, placement, hypervisor):
        Operation.objects.write(operation, handle=handle, step=Step.WORKING, error_detail="")
    elif hypervisor.slowest_s > traits.quick_s:
        Operation.objects.write(operation, error_detail="the hypervisor is slow")
    elif seconds_since_sent(operation) > arrives_within_s:
        return begin_again(operation, hypervisor)
    return pauses.SOON


def begin_again(operation: Operation, hypervisor: Hypervisor) -> float | None:
    """It was not sent. Under another token nobody can tell."""
    is_hidden = hypervisor.traits.has_log and operation.sent_as and operation.sent_as != hypervisor.caller
    if is_hidden:
        fail(operation, "outcome_unknown", f"it was sent as {operation.sent_as}, whose tasks cannot be seen any more")
        return None
    Operation.objects.write(operation, **not_sent(operation))
    return pauses.NOW


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
    Operation.objects.write(operation, step=Step.CONFIRMING)
    return confirm(operation, placement, hypervisor)


def seconds_since_sent(operation: Operation) -> float:
    return (clock.now() - operation.sent_at).total_seconds() if operation.sent_at else 0.0


def without_task(operation: Operation, hypervisor: Hypervisor, refused: Refused) -> float | None:
    """The node has forgotten the task. The guest itself may tell, but for a reset, which leaves no trace on it."""
    if refused.reason != Refusal.NO_TASK:
        raise refused
    if not phase_of(operation, hypervisor).leaves_trace:
        fail(operation, "outcome_unknown", refused.detail)
        return None
    Operation.objects.write(operation, step=Step.CONFIRMING, error_detail=refused.detail)
    return pauses.SOON


def confirm(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """The hypervisor's OK is not enough: a reboot's task ends before the guest runs again, a manager's before it acts.

    A list does not tell who is managed, and may hide more than that.
    """
    verb, ref = verb_of(operation), placement.ref
    try:
        look = hypervisor.glance(ref)
        hides_something = look.is_rough or operation.is_managed
        if hides_something and (is_seen_done(operation, look, hypervisor) or is_overdue(operation, hypervisor)):
            look = hypervisor.look(ref)
    except Refused as refused:
        return refusals.after_refused_look(operation, placement, hypervisor, refused)
    if is_seen_done(operation, look, hypervisor) and not may_be_undone(operation, look, hypervisor):
        succeed(operation, look)
        return None
    if is_overdue(operation, hypervisor) and verb.undone_by and look.held_to not in (None, verb.goal):
        return begin_again(operation, hypervisor)
    if not is_last_phase(operation, hypervisor):
        return confirm_phase(operation, look, hypervisor)
    if verb.is_cycle and look.power == Power.STOPPED:
        return stay_down(operation, look, hypervisor)
    return pauses.until_next_poll(seconds_since_sent(operation))


def is_seen_done(operation: Operation, look: Look, hypervisor: Hypervisor) -> bool:
    """Whether the guest is in the state that was asked for, and is so because of us. How long it is up is held against the
    time since the command left, by our own clock. Where the guest cannot tell, the task of the last phase has."""
    verb = verb_of(operation)
    left_at = operation.sent_after or operation.sent_at
    is_new_run = None
    if left_at is not None and look.power == Power.RUNNING:
        is_new_run = hypervisor.is_new_run(verb.command, look, (clock.now() - left_at).total_seconds())
    if is_new_run is None and not is_last_phase(operation, hypervisor):
        is_new_run = False
    return verb.is_seen_done(operation, look, is_new_run=is_new_run)


def confirm_phase(operation: Operation, look: Look, hypervisor: Hypervisor) -> float | None:
    """When it has done its part, or its time is over, the next one begins."""
    phase, is_late = phase_of(operation, hypervisor), has_had_its_time(operation, hypervisor)
    if look.power == phase.goal or (is_late and phase.or_next):
        return begin_next_phase(operation, look)
    if not is_late:
        return pauses.until_next_poll(seconds_since_sent(operation))
    fail(operation, verb_of(operation).code_of(Refusal.TIMED_OUT), f"not {phase.goal} in {phase.within_s} s", look=look)
    return None


def has_had_its_time(operation: Operation, hypervisor: Hypervisor) -> bool:
    """Whether a phase that another one follows is not waited for any more. The last one has until the deadline."""
    if is_last_phase(operation, hypervisor):
        return False
    return seconds_since_sent(operation) > phase_of(operation, hypervisor).within_s


def is_overdue(operation: Operation, hypervisor: Hypervisor) -> bool:
    """Whether an availability manager has ignored our request, as it does with one that comes too early."""
    is_asked = operation.is_managed and not verb_of(operation).is_cycle
    return is_asked and seconds_since_sent(operation) > hypervisor.traits.hears_within_s


def stay_down(operation: Operation, look: Look, hypervisor: Hypervisor) -> float | None:
    """The hypervisor starts what a reboot has shut down. If it does not, its owner is told soon, and may start it."""
    now = clock.now()
    if operation.down_since is None:
        Operation.objects.write(operation, down_since=now)
    if look.waits:
        return refusals.bring_up(operation, look, look.waits)
    since = max(operation.down_since or now, operation.sent_after or now)
    if (now - since).total_seconds() < hypervisor.traits.comes_up_within_s:
        return pauses.SOON
    fail(operation, "did_not_come_back", operation.error_detail or "it went down and stayed down", look=look)
    return None
