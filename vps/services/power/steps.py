"""The steps of an operation, each of which may be repeated: look, intend, send, find, follow, confirm. For `advance`.

Each returns the seconds until the next step, or None when the operation has ended or was taken over.
"""

import time
from contextlib import suppress
from typing import Any

from django.db import transaction

from vps.crash_points import reached
from vps.hypervisor import Hypervisor
from vps.hypervisor.base import GuestRef, Kind, Look, OutcomeUnknown, Power, Refusal, Refused, Unreachable
from vps.models import Operation, Placement, Vps, clock
from vps.services.power import verdicts
from vps.services.power.finish import fail, fail_for_a_stranger, succeed
from vps.services.power.plan import (
    LATER,
    LEAVES_WITHIN_S,
    LOCKED,
    MOST_TRIES,
    NOW,
    ORPHAN_FOR,
    PAUSED_LIMIT_S,
    QUICK_S,
    RESTART,
    SHUTDOWN_LIMIT_S,
    SOON,
    START,
    STRAY_FOR,
    command_of,
    is_done_already,
    is_seen_done,
    pause,
    why_impossible,
)
from vps.services.power.request import prohibition
from vps.services.power.strays import clear_the_way, may_still_act, new_task_of, tasks_of_others

Step = Operation.Step


def next_step(operation: Operation, hypervisor: Hypervisor) -> float | None:
    """Raises HypervisorError where the cluster could not be asked; nothing is lost by asking again."""
    placement = operation.vps.placement
    if operation.step == Step.LOCKED:
        return wait_for_lock(operation, placement, hypervisor)
    if operation.step == Step.CONFIRMING:
        return confirm(operation, placement, hypervisor)
    if operation.upid:
        return follow(operation, placement, hypervisor)
    if operation.intent_at is not None:
        return find(operation, placement, hypervisor)
    return begin(operation, placement, hypervisor)


def ref_of(placement: Placement, node: str = "") -> GuestRef:
    return GuestRef(Kind(placement.kind), placement.vmid, node or placement.node)


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
    if is_done_already(operation, look):
        return settle(operation, placement, hypervisor)
    if code := why_impossible(operation, look):
        fail(operation, code, look=look)
        return None
    if is_locked(operation, look):
        locked = {"step": Step.LOCKED, "node": look.node, "error_detail": f"lock: {look.lock}"}
        Operation.objects.write(operation, **running(operation), **locked)
        return LOCKED
    return intend(operation, placement, hypervisor, look)


def is_locked(operation: Operation, look: Look) -> bool:
    return bool(look.lock) and not (operation.kind == START and look.lock == "suspended")


def wait_for_lock(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """Nothing was sent, or it did nothing. When the guest is free, it begins again."""
    try:
        look = hypervisor.glance(ref_of(placement))
    except Refused as refused:
        return verdicts.after_refused_look(operation, placement, hypervisor, refused)
    if is_locked(operation, look):
        return LOCKED
    Operation.objects.write(operation, step=Step.WAITING)
    return NOW


def settle(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """It is as was asked, without a command, unless something of before is about to change it, or just has."""
    if may_still_act(operation, placement, hypervisor):
        return SOON
    look = hypervisor.look(ref_of(placement))
    if not is_done_already(operation, look):
        return NOW
    succeed(operation, look)
    return None


def intend(operation: Operation, placement: Placement, hypervisor: Hypervisor, look: Look) -> float | None:
    """Commit what is about to be sent, and send it."""
    if operation.attempts >= MOST_TRIES:
        fail(operation, "too_many_tries", operation.error_detail)
        return None
    others = tasks_of_others(operation, placement, hypervisor, look)
    leave_by = time.monotonic() + LEAVES_WITHIN_S
    intent = {"intent_at": look.node_time, "sent_at": clock.now(), "node": look.node, "step": Step.SENDING}
    trial = {"attempts": operation.attempts + 1, "sent_as": hypervisor.caller, "error_detail": ""}
    trial["spent_upids"] = list(dict.fromkeys([*operation.spent_upids, *others]))
    if not write_intent(operation, **running(operation), **intent, **trial):
        return None
    reached("after_intent")
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
    ref = ref_of(placement, operation.node)
    limit_s = PAUSED_LIMIT_S if look.power == Power.PAUSED else SHUTDOWN_LIMIT_S
    try:
        upid = hypervisor.send(ref, command_of(operation), limit_s, is_ha=look.is_ha, leave_by=leave_by)
    except OutcomeUnknown as unknown:
        Operation.objects.write(operation, error_detail=unknown.detail)
        return SOON
    except Unreachable as unreachable:
        Operation.objects.write(operation, **verdicts.not_sent(operation), error_detail=unreachable.detail)
        return LATER
    except Refused as refused:
        return verdicts.after_refusal(operation, placement, hypervisor, refused)
    reached("before_record")
    Operation.objects.write(operation, upid=upid, step=Step.WORKING)
    reached("after_record")
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
    if operation.kind == RESTART and placement.kind == Kind.QEMU:
        fail(operation, "outcome_unknown", refused.detail)
        return None
    Operation.objects.write(operation, step=Step.CONFIRMING, error_detail=refused.detail)
    return SOON


def confirm(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """The hypervisor's OK is not enough: a reboot's task ends before the guest runs again, an HA task before it acts.

    A list of virtual machines does not tell a paused one from one that runs.
    """
    ref = ref_of(placement)
    try:
        look = hypervisor.glance(ref)
        if ref.kind == Kind.QEMU and is_seen_done(operation, ref.kind, look):
            look = hypervisor.look(ref)
    except Refused as refused:
        return verdicts.after_refused_look(operation, placement, hypervisor, refused)
    if is_seen_done(operation, ref.kind, look):
        succeed(operation, look)
        return None
    return pause(operation, seconds_since_sent(operation))
