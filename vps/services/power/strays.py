"""What was perhaps sent: its task, and whether it may still act on a VPS after its operation has ended. For `steps`.

A start that a forced stop overtook goes on inside the hypervisor: that the guest is stopped now proves nothing.
"""

from vps.hypervisor.base import GuestRef, Hypervisor, Kind, Look, Refusal, Refused
from vps.models import Operation, Placement, clock
from vps.services.power.plan import (
    CLOCK_SKEW,
    COMES_UP_WITHIN,
    REBOOT,
    START,
    STARTS_WITHIN,
    STOP,
    STRAY_FOR,
    command_of,
)


def may_still_act(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> bool:
    """Whether the operation before this one may yet change what this one has just seen. Look again after a "no"."""
    before = one_before(operation)
    if before is None or before.intent_at is None:
        return False
    upid = before.upid or new_task_of(before, placement, hypervisor)
    if not upid:
        return before.sent_at is not None and clock.now() - before.sent_at < STRAY_FOR
    return is_at_work(upid, hypervisor) or brings_it_up(before, placement)


def new_task_of(sent: Operation, placement: Placement, hypervisor: Hypervisor) -> str:
    """The node's newest task that may be this operation's, whose answer never came, and is nobody's yet; or ''."""
    if sent.intent_at is None or sent.vps_id is None:
        return ""
    ref = GuestRef(Kind(placement.kind), placement.vmid, sent.node)
    tasks = hypervisor.sent_since(ref, command_of(sent), sent.intent_at - CLOCK_SKEW)
    unknown = (task.upid for task in reversed(tasks) if not Operation.objects.knows_task(sent.vps_id, task.upid))
    return next(unknown, "")


def clear_the_way(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> bool:
    """Whether the task of what a forced stop overtook still held the guest's lock; it is being ended then.

    A shutdown is not ended here: a forced stop overrules it. A start is waited for first.
    """
    before = one_before(operation)
    if before is None or before.kind == STOP or before.intent_at is None:
        return False
    if before.kind == START and clock.now() - operation.created_at < STARTS_WITHIN:
        return False
    upid = before.upid or new_task_of(before, placement, hypervisor)
    is_in_the_way = bool(upid) and is_at_work(upid, hypervisor)
    if is_in_the_way:
        hypervisor.abort(upid)
    return is_in_the_way


def one_before(operation: Operation) -> Operation | None:
    """What was asked of this VPS before, and failed: what succeeded has no more to come."""
    rows = Operation.objects.filter(vps=operation.vps, pk__lt=operation.pk).order_by("-pk")
    before: Operation | None = rows.first()
    return before if before is not None and before.state == Operation.State.FAILED else None


def tasks_of_others(operation: Operation, placement: Placement, hypervisor: Hypervisor, look: Look) -> list[str]:
    """Tasks that `find` could take for the one that is about to begin: of what ended in doubt, or of whoever had this
    guest before. Without them a lost command would seem to have been carried out. On a later try they are set aside
    already, and what is new may be its own."""
    since = clock.now() - CLOCK_SKEW - STRAY_FOR
    if operation.attempts or not Operation.objects.may_meet_tasks_of_others(operation, since):
        return []
    ref = GuestRef(Kind(placement.kind), placement.vmid, look.node)
    return [task.upid for task in hypervisor.sent_since(ref, command_of(operation), look.node_time - CLOCK_SKEW)]


def is_at_work(upid: str, hypervisor: Hypervisor) -> bool:
    """A task that nobody knows any more has ended long ago, and so has one of a node that is gone."""
    try:
        return not hypervisor.task(upid).is_finished
    except Refused as refused:
        if refused.reason not in (Refusal.NO_TASK, Refusal.NOT_HERE):
            raise
        return False


def brings_it_up(before: Operation, placement: Placement) -> bool:
    """A virtual machine's reboot is two tasks, and the second is not ours: it comes soon after the first."""
    is_in_two = before.kind == REBOOT and placement.kind == Kind.QEMU
    return is_in_two and before.finished_at is not None and clock.now() - before.finished_at < COMES_UP_WITHIN
