"""The steps of an operation, each of which may be repeated: look, intend, send, find, follow, confirm. For `advance`.

Each returns the seconds until the next step, or None when the operation has ended or was taken over.
"""

import time
from contextlib import suppress
from typing import Any

from django.db import transaction

from vps.db import clock
from vps.guests import GuestRef, Kind
from vps.hypervisor import Hypervisor
from vps.hypervisor.base import Command, Look, OutcomeUnknown, Power, Refusal, Refused, Unreachable
from vps.models import Operation, Placement, Vps
from vps.operations import verdicts
from vps.operations.finish import fail, fail_for_a_stranger, succeed
from vps.operations.plan import (
    COMES_UP_WITHIN,
    HA_HEARS_WITHIN,
    LATER,
    LEAVES_WITHIN_S,
    LOCKED,
    MOST_TRIES,
    NOW,
    ORPHAN_FOR,
    PAUSED_LIMIT_S,
    QUICK_S,
    REBOOT,
    RESTART,
    SHUTDOWN_LIMIT_S,
    SOON,
    START,
    STOP,
    STRAY_FOR,
    command_of,
    is_done_already,
    is_locked,
    is_seen_done,
    is_wished_otherwise,
    pause,
    why_impossible,
)
from vps.operations.request import prohibition
from vps.operations.strays import (
    clear_the_way,
    intent_of,
    may_be_started_yet,
    may_still_act,
    new_task_of,
    tasks_of_others,
)
from web.crash_points import crash_point

Step = Operation.Step


def next_step(operation: Operation, hypervisor: Hypervisor) -> float | None:
    """Raises HypervisorError where the cluster could not be asked; nothing is lost by asking again."""
    placement = operation.vps.placement
    if operation.step in (Step.LOCKED, Step.DOWN):
        return wait_for_lock(operation, placement, hypervisor)
    if operation.step == Step.CONFIRMING:
        return confirm(operation, placement, hypervisor)
    if operation.upid:
        return follow(operation, placement, hypervisor)
    if operation.intent_at is not None:
        return find(operation, placement, hypervisor)
    return begin(operation, placement, hypervisor)


def ref_of(placement: Placement, node: str = "") -> GuestRef:
    return placement.ref_on(node or placement.node)


def begin(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """Look before acting: what is done already needs no command, and what cannot be done gets none."""
    ref = ref_of(placement)
    try:
        look, identity = hypervisor.look(ref), hypervisor.identity(ref)
    except Refused as refused:
        return verdicts.after_refused_look(operation, placement, hypervisor, refused)
    if not placement.is_of(identity):
        fail_for_a_stranger(operation, placement, identity)
        return None
    if operation.is_forced and clear_the_way(operation, placement, hypervisor):
        return SOON
    if is_done_already(operation, look) and not is_unheard(operation, look):
        return settle(operation, placement, hypervisor)
    if code := why_impossible(operation, look):
        fail(operation, code, look=look)
        return None
    if is_locked(operation, ref.kind, look):
        return await_release(operation, look)
    return intend(operation, placement, hypervisor, look)


def is_unheard(operation: Operation, look: Look) -> bool:
    """Whether the manager of highly available guests says "stopped" for want of having heard that it is to start it."""
    return look.is_ha and operation.kind == STOP and may_be_started_yet(operation)


def await_release(operation: Operation, look: Look) -> float:
    """Nothing is sent while the guest is locked."""
    step = Step.DOWN if operation.down_since else Step.LOCKED
    locked = {"step": step, "node": look.node, "error_detail": f"lock: {look.lock}"}
    Operation.objects.write(operation, **running(operation), **locked)
    return LOCKED


def wait_for_lock(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """Nothing was sent, or it did nothing. When the guest is free, it begins again."""
    try:
        look = hypervisor.glance(ref_of(placement))
    except Refused as refused:
        return verdicts.after_refused_look(operation, placement, hypervisor, refused)
    if is_locked(operation, placement.ref.kind, look) and not is_done_already(operation, look):
        return LOCKED
    Operation.objects.write(operation, step=Step.WAITING)
    return NOW


def settle(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """It is as was asked, without a command, unless something of before is about to change it, or just has."""
    if may_still_act(operation, placement, hypervisor):
        return SOON
    look = hypervisor.look(ref_of(placement))
    if not is_done_already(operation, look) or is_unheard(operation, look):
        return NOW
    succeed(operation, look)
    return None


def intend(operation: Operation, placement: Placement, hypervisor: Hypervisor, look: Look) -> float | None:
    """Commit what is about to be sent, and send it."""
    if operation.attempts >= MOST_TRIES:
        fail(operation, "too_many_tries", operation.error_detail)
        return None
    others = tasks_of_others(operation, placement, hypervisor, look)
    if goes_down_though_locked(operation, placement):
        look = hypervisor.look(ref_of(placement, look.node))
        if is_locked(operation, placement.ref.kind, look):
            return await_release(operation, look)
    leave_by = time.monotonic() + LEAVES_WITHIN_S
    now = clock.now()
    intent = {"intent_at": intent_of(look), "sent_at": now, "sent_after": now, "node": look.node, "step": Step.SENDING}
    trial = {"attempts": operation.attempts + 1, "sent_as": hypervisor.caller, "is_ha": look.is_ha, "error_detail": ""}
    trial["spent_upids"] = list(dict.fromkeys([*operation.spent_upids, *others]))
    if not write_intent(operation, **running(operation), **intent, **trial):
        return None
    crash_point("after_intent")
    return send(operation, placement, hypervisor, look, leave_by=leave_by)


def goes_down_though_locked(operation: Operation, placement: Placement) -> bool:
    """A container's reboot asks for no lock, so we look once more right before it leaves."""
    return placement.ref.kind == Kind.CONTAINER and command_of(operation) in (Command.RESTART, Command.REBOOT)


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
    ref = ref_of(placement, operation.node)
    limit_s = PAUSED_LIMIT_S if look.power == Power.PAUSED else SHUTDOWN_LIMIT_S
    try:
        upid = hypervisor.send(ref, command_of(operation), limit_s, is_ha=look.is_ha, leave_by=leave_by)
    except OutcomeUnknown as unknown:
        Operation.objects.write(operation, error_detail=unknown.detail)
        return SOON
    except Unreachable as unreachable:
        Operation.objects.write(operation, **verdicts.held_up(operation), error_detail=unreachable.detail)
        return LATER
    except Refused as refused:
        return verdicts.after_refusal(operation, placement, hypervisor, refused)
    crash_point("before_record")
    Operation.objects.write(operation, upid=upid, step=Step.WORKING)
    crash_point("after_record")
    return SOON


def find(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """Perhaps it was sent. The node knows; but a stray command may still arrive, so a first "no" is not the last.

    It may have left as late as now, by a worker that was paused: the time to wait begins with the first look.
    """
    if operation.step == Step.SENDING:
        Operation.objects.write(operation, step=Step.FINDING, sent_at=clock.now())
    # Only whether the way is quick is asked here: a guest that has moved away meanwhile is an answer too.
    with suppress(Refused):
        hypervisor.glance(ref_of(placement, operation.node))
    if upid := new_task_of(operation, placement, hypervisor):
        Operation.objects.write(operation, upid=upid, step=Step.WORKING, error_detail="")
    elif hypervisor.slowest_s > QUICK_S:
        Operation.objects.write(operation, error_detail="the hypervisor is slow")
    elif clock.now() - operation.sent_at > (STRAY_FOR if operation.error_detail else ORPHAN_FOR):  # type: ignore[operator]
        return begin_again(operation, hypervisor)
    return SOON


def begin_again(operation: Operation, hypervisor: Hypervisor) -> float | None:
    """It was not sent. Under another token nobody can tell."""
    if operation.sent_as and operation.sent_as != hypervisor.caller:
        fail(operation, "outcome_unknown", f"it was sent as {operation.sent_as}, whose tasks cannot be seen any more")
        return None
    Operation.objects.write(operation, **verdicts.not_sent(operation))
    return NOW


def follow(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    try:
        result = hypervisor.task(operation.upid)
    except Refused as refused:
        return without_task(operation, placement, refused)
    if not result.is_finished:
        return pause(operation, seconds_since_sent(operation))
    if not result.is_success:
        why = Refused(hypervisor.task_refusal(result), result.exit_text)
        return verdicts.after_refusal(operation, placement, hypervisor, why)
    Operation.objects.write(operation, step=Step.CONFIRMING)
    return confirm(operation, placement, hypervisor)


def seconds_since_sent(operation: Operation) -> float:
    return (clock.now() - operation.sent_at).total_seconds() if operation.sent_at else 0.0


def without_task(operation: Operation, placement: Placement, refused: Refused) -> float | None:
    """The node has forgotten the task. The guest itself may tell, but for a reset, which leaves no trace on it."""
    if refused.reason != Refusal.NO_TASK:
        raise refused
    if operation.kind == RESTART and placement.ref.kind == Kind.VM:
        fail(operation, "outcome_unknown", refused.detail)
        return None
    Operation.objects.write(operation, step=Step.CONFIRMING, error_detail=refused.detail)
    return SOON


def confirm(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """The hypervisor's OK is not enough: a reboot's task ends before the guest runs again, an HA task before it acts.

    A node's list does not tell a paused machine from one that runs, nor what is highly available.
    """
    ref = ref_of(placement)
    try:
        look = hypervisor.glance(ref)
        hides_something = ref.kind == Kind.VM or operation.is_ha
        if hides_something and (is_seen_done(operation, ref.kind, look, clock.now()) or is_overdue(operation)):
            look = hypervisor.look(ref)
    except Refused as refused:
        return verdicts.after_refused_look(operation, placement, hypervisor, refused)
    if is_seen_done(operation, ref.kind, look, clock.now()) and not is_unheard(operation, look):
        succeed(operation, look)
        return None
    if is_overdue(operation) and operation.kind == STOP and is_wished_otherwise(operation, look):
        return begin_again(operation, hypervisor)
    if operation.kind in (RESTART, REBOOT) and look.power == Power.STOPPED:
        return stay_down(operation, placement, look)
    return pause(operation, seconds_since_sent(operation))


def is_overdue(operation: Operation) -> bool:
    """Whether the manager of highly available guests has ignored our request, as it does with one that comes too early."""
    is_asked = operation.is_ha and operation.kind in (START, STOP)
    return is_asked and seconds_since_sent(operation) > HA_HEARS_WITHIN.total_seconds()


def stay_down(operation: Operation, placement: Placement, look: Look) -> float | None:
    """The hypervisor starts what a reboot has shut down. If it does not, its owner is told soon, and may start it."""
    now = clock.now()
    if operation.down_since is None:
        Operation.objects.write(operation, down_since=now)
    if look.lock:
        return verdicts.bring_up(operation, look, f"lock: {look.lock}")
    if now - max(operation.down_since or now, operation.sent_after or now) < COMES_UP_WITHIN:
        return SOON
    fail(operation, "did_not_come_back", operation.error_detail or "it went down and stayed down", look=look)
    return None
