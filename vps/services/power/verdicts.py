"""What a hypervisor's "no" means for an operation, as a table. For `steps`."""

from typing import Any

from vps.hypervisor.base import Hypervisor, Refusal, Refused
from vps.models import Cluster, Operation, Placement
from vps.services.power.finish import fail, fail_for_a_stranger, fail_for_nobody
from vps.services.power.plan import LOCKED, NOW, REBOOT, RESTART, SOON, START, STOP

Step = Operation.Step

# The guest was not as we had seen it, and may even be so as the customer asked: look again.
LOOK = {
    (Refusal.ALREADY_RUNNING, START),
    (Refusal.NOT_RUNNING, STOP),
}
PASSES = {Refusal.LOCKED, Refusal.BUSY, Refusal.NO_QUORUM}
CODES = {
    Refusal.PAUSED: "vps_paused",
    Refusal.TEMPLATE: "vps_template",
    Refusal.TIMED_OUT: "guest_did_not_shut_down",
    Refusal.DENIED: "hypervisor_denied",
    Refusal.UNAUTHENTICATED: "hypervisor_denied",
}


def not_sent(operation: Operation, step: Step = Step.WAITING) -> dict[str, Any]:
    """Columns of an operation whose command surely did not act, so that it begins again."""
    spent = [*operation.spent_upids, operation.upid] if operation.upid else operation.spent_upids
    return {"intent_at": None, "sent_at": None, "upid": "", "spent_upids": spent, "step": step}


def after_refusal(operation: Operation, placement: Placement, hypervisor: Hypervisor, refused: Refused) -> float | None:
    """Of the command, at once or as the end of its task."""
    reason = refused.reason
    if reason == Refusal.NOT_HERE:
        return look_elsewhere(operation, placement, hypervisor, refused.detail)
    if (reason, operation.kind) in LOOK:
        Operation.objects.write(operation, **not_sent(operation), error_detail=refused.detail)
        return SOON
    if reason in PASSES:
        Operation.objects.write(operation, **not_sent(operation, Step.LOCKED), error_detail=refused.detail)
        return LOCKED
    if reason == Refusal.DENIED:
        Cluster.objects.ask_for_rights(placement.cluster_id)
    fail(operation, code_of(reason, operation.kind), refused.detail)
    return None


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


def code_of(reason: Refusal, kind: str) -> str:
    if reason == Refusal.NOT_RUNNING and kind in (RESTART, REBOOT):
        return "vps_not_running"
    if reason == Refusal.TIMED_OUT and kind not in (STOP, REBOOT):
        return "hypervisor_refused"
    return CODES.get(reason, "hypervisor_refused")


def look_elsewhere(operation: Operation, placement: Placement, hypervisor: Hypervisor, detail: str) -> float | None:
    """The guest is not on the node that was asked: it has moved, and is followed, or it is gone, and staff are told."""
    guest = next((guest for guest in hypervisor.guests() if guest.ref.vmid == placement.vmid), None)
    if guest is None:
        fail_for_nobody(operation, placement, detail)
        return None
    if guest.ref.kind != placement.kind:
        fail_for_a_stranger(operation, placement, hypervisor.identity(guest.ref))
        return None
    is_confirming = operation.step == Step.CONFIRMING
    asked = placement.node if is_confirming or operation.intent_at is None else operation.node
    if not is_confirming:
        Operation.objects.write(operation, **not_sent(operation), error_detail=detail)
    Placement.objects.filter(pk=placement.pk).update(node=guest.ref.node)
    return LOCKED if guest.ref.node == asked else NOW
