"""What a hypervisor's "no" means for an operation, as a table. For `steps`."""

from contextlib import suppress
from typing import Any

from vps.db import clock
from vps.guests import Kind
from vps.hypervisor.base import Hypervisor, Look, Power, Refusal, Refused
from vps.models import Cluster, Operation, Placement
from vps.operations.finish import fail, fail_for_a_stranger, fail_for_nobody, go_down
from vps.operations.plan import LATER, LOCKED, NOW, REBOOT, RESTART, SOON, START, STOP, is_done_already

Step = Operation.Step

# The guest was not as we had seen it, and may even be so as the customer asked: look again.
LOOK = {
    (Refusal.ALREADY_RUNNING, START),
    (Refusal.NOT_RUNNING, STOP),
}
# What will pass, and what is waited for meanwhile.
PASSES = {Refusal.LOCKED: Step.LOCKED, Refusal.BUSY: Step.LOCKED, Refusal.NO_QUORUM: Step.WAITING}
# The guest's own system, or its agent, was asked and did not do it.
DEAF = {Refusal.TIMED_OUT, Refusal.NO_AGENT}
CODES = {
    Refusal.PAUSED: "vps_paused",
    Refusal.TEMPLATE: "vps_template",
    Refusal.DENIED: "hypervisor_denied",
    Refusal.UNAUTHENTICATED: "hypervisor_denied",
}


# The columns of a command that nobody has executed: nothing of it may arrive yet.
UNSENT: dict[str, Any] = {"intent_at": None, "sent_at": None, "sent_after": None}


def not_sent(operation: Operation, step: Step = Step.WAITING) -> dict[str, Any]:
    """Columns of an operation whose command surely did not act, so that it begins again."""
    spent = [*operation.spent_upids, operation.upid] if operation.upid else operation.spent_upids
    return UNSENT | {"upid": "", "spent_upids": spent, "step": step}


def held_up(operation: Operation, step: Step = Step.WAITING) -> dict[str, Any]:
    """The same of one that did not fail but came at a bad time: that was no try of it."""
    return not_sent(operation, step) | {"attempts": max(0, operation.attempts - 1)}


def after_refusal(operation: Operation, placement: Placement, hypervisor: Hypervisor, refused: Refused) -> float | None:
    """Of the command, at once or as the end of its task."""
    reason = refused.reason
    if reason == Refusal.NOT_HERE:
        return look_elsewhere(operation, placement, hypervisor, refused.detail)
    if (reason, START if operation.down_since else operation.kind) in LOOK:
        Operation.objects.write(operation, **held_up(operation), error_detail=refused.detail)
        return LATER
    if reason in PASSES:
        step = Step.DOWN if operation.down_since else PASSES[reason]
        Operation.objects.write(operation, **held_up(operation, step), error_detail=refused.detail)
        return LOCKED
    if operation.upid and is_as_asked(operation, placement, hypervisor):
        Operation.objects.write(operation, step=Step.CONFIRMING, error_detail=refused.detail)
        return SOON
    if operation.upid and operation.kind in (RESTART, REBOOT) and (look := look_if_down(placement, hypervisor)):
        return after_half_a_reboot(operation, placement, look, refused.detail)
    if reason == Refusal.DENIED:
        Cluster.objects.ask_for_rights(placement.cluster_id)
    proof = {} if operation.upid else UNSENT
    fail(operation, code_of(reason, operation.kind, is_forced=operation.is_forced), refused.detail, **proof)
    return None


def is_as_asked(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> bool:
    """A task can fail when its work is done, as one that is interrupted: what is seen counts."""
    if operation.kind not in (START, STOP):
        return False
    with suppress(Refused):
        return is_done_already(operation, hypervisor.look(placement.ref))
    return False


def look_if_down(placement: Placement, hypervisor: Hypervisor) -> Look | None:
    with suppress(Refused):
        look = hypervisor.look(placement.ref)
        return look if look.power == Power.STOPPED else None
    return None


def after_half_a_reboot(operation: Operation, placement: Placement, look: Look, detail: str) -> float | None:
    """The guest is down, and its task has failed. A virtual machine may be started yet, by the hypervisor itself.

    A container's reboot asks for no lock: it stops a locked one, and the start hook then refuses, in words that name no
    lock (pve-container 6.1, vm_reboot).
    """
    if operation.down_since:
        fail(operation, "did_not_come_back", detail, look=look)
        return None
    if placement.ref.kind == Kind.VM:
        Operation.objects.write(operation, step=Step.CONFIRMING, down_since=clock.now(), error_detail=detail)
        return SOON
    return bring_up(operation, look, detail)


def bring_up(operation: Operation, look: Look, detail: str) -> float | None:
    """Nothing else does: it is ours to start, as soon as it is free."""
    again = not_sent(operation, Step.DOWN if look.lock else Step.WAITING)
    go_down(operation, look, **again, down_since=operation.down_since or clock.now(), error_detail=detail)
    return LOCKED if look.lock else NOW


def after_refused_look(
    operation: Operation, placement: Placement, hypervisor: Hypervisor, refused: Refused
) -> float | None:
    """Of a read, which says nothing of the command. Raises `refused` where asking again may help."""
    if refused.reason == Refusal.NOT_HERE:
        return look_elsewhere(operation, placement, hypervisor, refused.detail)
    if refused.reason in (Refusal.DENIED, Refusal.UNAUTHENTICATED) and operation.intent_at is None:
        fail(operation, code_of(refused.reason, operation.kind), refused.detail)
        return None
    raise refused


def code_of(reason: Refusal, kind: str, *, is_forced: bool = False) -> str:
    if reason == Refusal.NOT_RUNNING and kind in (RESTART, REBOOT):
        return "vps_not_running"
    if reason in DEAF:
        is_asked_to_go_down = kind in (STOP, REBOOT) and not is_forced
        return "guest_did_not_shut_down" if is_asked_to_go_down else "hypervisor_refused"
    return CODES.get(reason, "hypervisor_refused")


def look_elsewhere(operation: Operation, placement: Placement, hypervisor: Hypervisor, detail: str) -> float | None:
    """The guest is not on the node that was asked: it has moved, and is followed, or it is gone, and staff are told."""
    guest = next((guest for guest in hypervisor.guests() if guest.ref.key == placement.ref.key), None)
    is_confirming = operation.step == Step.CONFIRMING
    proof = {} if is_confirming or operation.upid else UNSENT
    if guest is None:
        fail_for_nobody(operation, placement, detail, **proof)
        return None
    if guest.ref.kind != placement.ref.kind:
        fail_for_a_stranger(operation, placement, hypervisor.identity(guest.ref), **proof)
        return None
    asked = placement.node if is_confirming or operation.intent_at is None else operation.node
    if not is_confirming:
        Operation.objects.write(operation, **not_sent(operation), error_detail=detail)
    Placement.objects.filter(pk=placement.pk).update(node=guest.ref.node)
    return LOCKED if guest.ref.node == asked else NOW
