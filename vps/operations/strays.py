"""What was perhaps sent: its task, and whether it may still act on a VPS after its operation has ended. For `steps`.

A start that a forced stop overtook goes on inside the hypervisor: that the guest is stopped now proves nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from vps.db import clock
from vps.guests import Kind
from vps.hypervisor.base import Command, Hypervisor, Look, Refusal, Refused, TaskResult, Unreachable
from vps.models import Operation, Placement
from vps.operations.plan import (
    CLOCK_SKEW,
    COMES_UP_WITHIN,
    HA_HEARS_WITHIN,
    REBOOT,
    START,
    STARTS_WITHIN,
    STOP,
    STRAY_FOR,
    command_of,
)


def may_still_act(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> bool:
    """Whether the operation before this one may yet change what this one has just seen. Look again after a "no".

    The silence of a node that the guest has left, as when it was fenced, says nothing of where the guest is now.
    """
    before = one_before(operation)
    if before is None or before.intent_at is None:
        return False
    with unless_left(before, placement):
        upid = before.upid or new_task_of(before, placement, hypervisor)
        if not upid:
            return before.sent_at is not None and clock.now() - before.sent_at < STRAY_FOR
        return is_at_work(upid, hypervisor) or brings_it_up(before, upid, placement, hypervisor)
    return False


@contextmanager
def unless_left(before: Operation, placement: Placement) -> Iterator[None]:
    """What is asked of the node where `before` was sent may be passed over where the guest is not there any more."""
    try:
        yield
    except Unreachable:
        if before.node == placement.node:
            raise


def may_be_started_yet(operation: Operation) -> bool:
    """Whether the availability manager may not have heard yet of a start that the operation before this one asked for.

    Until then it says "stopped", and ignores a stop (pve-ha-manager 5.2, next_state_stopped).
    """
    before = one_before(operation)
    if before is None or before.sent_at is None or before.kind != START:
        return False
    return clock.now() - before.sent_at < HA_HEARS_WITHIN


def new_task_of(sent: Operation, placement: Placement, hypervisor: Hypervisor) -> str:
    """The node's newest task that may be this operation's, whose answer never came, and is nobody's yet; or ''."""
    if sent.intent_at is None or sent.vps_id is None:
        return ""
    ref = placement.ref_on(sent.node)
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
    if command_of(before) == Command.START and clock.now() - operation.created_at < STARTS_WITHIN:
        return False
    with unless_left(before, placement):
        upid = before.upid or new_task_of(before, placement, hypervisor)
        if upid and is_at_work(upid, hypervisor):
            hypervisor.abort(upid)
            return True
    return False


def one_before(operation: Operation) -> Operation | None:
    """What was sent to this VPS before, and failed: what succeeded has no more to come, and what failed unsent says nothing
    of what was sent before it."""
    rows = Operation.objects.filter(vps=operation.vps, pk__lt=operation.pk).order_by("-pk")
    before: Operation | None = rows.exclude(state=Operation.State.FAILED, intent_at=None).first()
    return before if before is not None and before.state == Operation.State.FAILED else None


def tasks_of_others(operation: Operation, placement: Placement, hypervisor: Hypervisor, look: Look) -> list[str]:
    """Tasks that `find` could take for the one that is about to begin: of what ended in doubt, or of whoever had this
    guest before. Without them a lost command would seem to have been carried out. On a later try they are set aside
    already, and what is new may be its own."""
    since = clock.now() - CLOCK_SKEW - STRAY_FOR
    is_first = not operation.attempts or operation.down_since
    if not is_first or not Operation.objects.may_meet_tasks_of_others(operation, since):
        return []
    ref = placement.ref_on(look.node)
    return [task.upid for task in hypervisor.sent_since(ref, command_of(operation), intent_of(look) - CLOCK_SKEW)]


def intent_of(look: Look) -> datetime:
    """From when on tasks are ours: now, by the clock of the host that answered or by our own. A clock that is ahead would
    hide the task, and then it would be sent again; so whichever is behind counts."""
    return min(look.node_time, clock.now())


def is_at_work(upid: str, hypervisor: Hypervisor) -> bool:
    result = task_of(upid, hypervisor)
    return result is not None and not result.is_finished


def task_of(upid: str, hypervisor: Hypervisor) -> TaskResult | None:
    """None of one that nobody knows any more, or whose node is gone: it has ended long ago."""
    try:
        return hypervisor.task(upid)
    except Refused as refused:
        if refused.reason not in (Refusal.NO_TASK, Refusal.NOT_HERE):
            raise
    return None


def brings_it_up(before: Operation, upid: str, placement: Placement, hypervisor: Hypervisor) -> bool:
    """A virtual machine's reboot is two tasks, and the second is not ours: it comes soon after the first, unless that was
    refused, or has been waited for already."""
    is_in_two = before.kind == REBOOT and placement.ref.kind == Kind.VM
    since = before.down_since or before.finished_at
    if not is_in_two or since is None or clock.now() - since >= COMES_UP_WITHIN:
        return False
    result = task_of(upid, hypervisor)
    return result is None or result.is_success or hypervisor.task_refusal(result) == Refusal.OTHER
