"""What a hypervisor's "no" means for an operation, as a table. For `steps`."""

from vps.hypervisor.base import Hypervisor, Refusal, Refused
from vps.models import Operation, Placement
from vps.services.power.finish import fail
from vps.services.power.plan import LOCKED, NOW, REBOOT, RESTART, SOON, START, STOP

# The command surely did not act, so the operation begins again.
NOT_SENT = {"intent_at": None, "sent_at": None, "upid": "", "step": Operation.Step.WAITING}

# What the customer asked for may hold all the same: look.
LOOK = {
    (Refusal.ALREADY_RUNNING, START),
    (Refusal.NOT_RUNNING, STOP),
}
PASSES = {Refusal.LOCKED, Refusal.BUSY, Refusal.NO_QUORUM}
CODES = {
    Refusal.PAUSED: "vps_paused",
    Refusal.TEMPLATE: "vps_template",
    Refusal.TIMED_OUT: "guest_did_not_shut_down",
    Refusal.DENIED: "hypervisor_unavailable",
}


def is_the_bound_guest(placement: Placement, identity: str) -> bool:
    """A vmid may be used again for somebody else's guest. Who has no identity yet takes this one."""
    if not placement.identity:
        Placement.objects.filter(pk=placement.pk, identity="").update(identity=identity)
        return True
    return placement.identity == identity


def after_refusal(operation: Operation, placement: Placement, hypervisor: Hypervisor, refused: Refused) -> float | None:
    reason = refused.reason
    if reason == Refusal.NOT_HERE:
        return look_elsewhere(operation, placement, hypervisor, refused.detail)
    if (reason, operation.kind) in LOOK:
        Operation.objects.write(operation, step=Operation.Step.CONFIRMING, error_detail=refused.detail)
        return SOON
    if reason in PASSES:
        Operation.objects.write(operation, **NOT_SENT | {"step": Operation.Step.LOCKED}, error_detail=refused.detail)
        return LOCKED
    fail(operation, code_of(reason, operation.kind), refused.detail)
    return None


def code_of(reason: Refusal, kind: str) -> str:
    if reason == Refusal.NOT_RUNNING and kind in (RESTART, REBOOT):
        return "vps_not_running"
    if reason == Refusal.TIMED_OUT and kind not in (STOP, REBOOT):
        return "hypervisor_refused"
    return CODES.get(reason, "hypervisor_refused")


def look_elsewhere(operation: Operation, placement: Placement, hypervisor: Hypervisor, detail: str) -> float | None:
    """The guest is not on that node: it has moved, and is followed, or it is gone, and staff are told."""
    guest = next((guest for guest in hypervisor.guests() if guest.ref.vmid == placement.vmid), None)
    if guest is None or guest.ref.kind != placement.kind:
        fail(operation, "vps_missing", detail)
        return None
    if guest.ref.node == placement.node:
        return LOCKED
    Placement.objects.filter(pk=placement.pk).update(node=guest.ref.node)
    if operation.step != Operation.Step.CONFIRMING:
        Operation.objects.write(operation, **NOT_SENT)
    return NOW
