"""What a hypervisor's "no" means for an operation, as a table. For `steps`."""

from contextlib import suppress

from vps.db import clock
from vps.hypervisor.base import Hypervisor, Look, Power, Refusal, Refused
from vps.models import Operation, Placement
from vps.operations import pauses
from vps.operations.finish import fail, fail_identity_mismatch, fail_missing, go_down
from vps.operations.phases import (
    UNSENT,
    begin_next_phase,
    held_up,
    is_at_goal,
    is_last_phase,
    not_sent,
    phase_of,
)
from vps.operations.verb import DEAF
from vps.operations.verbs import verb_of

Step = Operation.Step

# The guest was not as we had seen it, and may even be so as the command asks: look again.
IS_SO = {
    (Refusal.ALREADY_RUNNING, Power.RUNNING),
    (Refusal.NOT_RUNNING, Power.STOPPED),
}
# What will pass, and what is waited for meanwhile.
PASSES = {Refusal.LOCKED: Step.LOCKED, Refusal.BUSY: Step.LOCKED, Refusal.NO_QUORUM: Step.WAITING}


def after_refusal(operation: Operation, placement: Placement, hypervisor: Hypervisor, refused: Refused) -> float | None:
    """Of the command, at once or as the end of its task."""
    reason, phase, verb = refused.reason, phase_of(operation, hypervisor), verb_of(operation)
    if reason == Refusal.NOT_HERE:
        return look_elsewhere(operation, placement, hypervisor, refused.detail)
    if (reason, phase.command.state) in IS_SO:
        operation.write(**held_up(operation), error_detail=refused.detail)
        return pauses.LATER
    if reason in PASSES:
        step = Step.DOWN if operation.down_since else PASSES[reason]
        operation.write(**held_up(operation, step), error_detail=refused.detail)
        return pauses.LOCKED
    if operation.handle and is_as_asked(operation, placement, hypervisor):
        operation.write(step=Step.CONFIRMING, error_detail=refused.detail)
        return pauses.SOON
    if phase.or_next and reason in DEAF:
        return begin_next_phase(operation, hypervisor.look(placement.ref), refused.detail)
    if operation.handle and verb.is_cycle and (look := look_if_down(placement, hypervisor)):
        return after_half_a_cycle(operation, look, hypervisor, refused.detail)
    if reason == Refusal.DENIED:
        placement.cluster.ask_for_rights()
    proof = {} if operation.handle else UNSENT
    fail(operation, verb.code_of(reason), refused.detail, **proof)
    return None


def is_as_asked(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> bool:
    """A task can fail when its work is done, as one that is interrupted: what is seen counts."""
    verb = verb_of(operation)
    if verb.is_cycle and is_last_phase(operation, hypervisor):
        return False
    with suppress(Refused):
        look = hypervisor.look(placement.ref)
        return is_at_goal(operation, look, hypervisor) or verb.is_done_already(operation, look)
    return False


def look_if_down(placement: Placement, hypervisor: Hypervisor) -> Look | None:
    with suppress(Refused):
        look = hypervisor.look(placement.ref)
        return look if look.power == Power.STOPPED else None
    return None


def after_half_a_cycle(operation: Operation, look: Look, hypervisor: Hypervisor, detail: str) -> float | None:
    """The guest is down, and its task has failed. The hypervisor may start it yet, but for one that it took down in spite of
    a lock."""
    if operation.down_since:
        fail(operation, "did_not_come_back", detail, look=look)
        return None
    if phase_of(operation, hypervisor).checks_lock:
        operation.write(step=Step.CONFIRMING, down_since=clock.now(), error_detail=detail)
        return pauses.SOON
    return bring_up(operation, look, detail)


def bring_up(operation: Operation, look: Look, detail: str) -> float:
    """Nothing else does: it is ours to start, as soon as it is free."""
    again = not_sent(operation, Step.DOWN if look.waits else Step.WAITING)
    go_down(operation, look, **again, down_since=operation.down_since or clock.now(), error_detail=detail)
    return pauses.LOCKED if look.waits else pauses.NOW


def after_refused_look(
    operation: Operation, placement: Placement, hypervisor: Hypervisor, refused: Refused
) -> float | None:
    """Of a read, which says nothing of the command. Raises `refused` where asking again may help."""
    if refused.reason == Refusal.NOT_HERE:
        return look_elsewhere(operation, placement, hypervisor, refused.detail)
    if refused.reason in (Refusal.DENIED, Refusal.UNAUTHENTICATED) and operation.intent_at is None:
        fail(operation, verb_of(operation).code_of(refused.reason), refused.detail)
        return None
    raise refused


def look_elsewhere(operation: Operation, placement: Placement, hypervisor: Hypervisor, detail: str) -> float | None:
    """The guest is not on the node that was asked: it has moved, and is followed, or it is gone, and staff are told."""
    guest = next((guest for guest in hypervisor.guests() if guest.ref.key == placement.ref.key), None)
    is_confirming = operation.step == Step.CONFIRMING
    proof = {} if is_confirming or operation.handle else UNSENT
    if guest is None:
        fail_missing(operation, placement, detail, **proof)
        return None
    if guest.ref.kind != placement.ref.kind:
        fail_identity_mismatch(operation, placement, hypervisor.identity(guest.ref), **proof)
        return None
    asked = placement.node if is_confirming or operation.intent_at is None else operation.node
    if not is_confirming:
        operation.write(**not_sent(operation), error_detail=detail)
    Placement.objects.filter(pk=placement.pk).update(node=guest.ref.node)
    return pauses.LOCKED if guest.ref.node == asked else pauses.NOW
