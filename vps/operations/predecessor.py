"""The operation before this one: whether its command may still act on the VPS, or stands in the way. For `steps`.

A start that a forced stop overtook goes on inside the hypervisor: that the guest is stopped now proves nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from vps.db import clock
from vps.hypervisor.base import Hypervisor, Look, Power, Refusal, Unreachable
from vps.models import Operation, Placement
from vps.operations.phases import command_of, recipe_of
from vps.operations.task_log import is_at_work, new_task_of, task_of
from vps.operations.verbs import verb_of


def may_still_act(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> bool:
    """Whether the operation before this one may yet change what this one has just seen. Look again after a "no".

    The silence of a node that the guest has left, as when it was fenced, says nothing of where the guest is now.
    """
    before = predecessor_of(operation)
    if before is None or before.intent_at is None:
        return False
    with unless_left(before, placement):
        handle = before.handle or new_task_of(before, placement, hypervisor)
        if not handle:
            return before.sent_at is not None and seconds_since(before.sent_at) < hypervisor.traits.stray_s
        return is_at_work(handle, hypervisor) or brings_it_up(before, handle, hypervisor)
    return False


@contextmanager
def unless_left(before: Operation, placement: Placement) -> Iterator[None]:
    """What is asked of the node where `before` was sent may be passed over where the guest is not there any more."""
    try:
        yield
    except Unreachable:
        if before.node == placement.node:
            raise


def may_be_undone(operation: Operation, look: Look, hypervisor: Hypervisor) -> bool:
    """Whether the availability manager may not have heard yet of what the operation before this one asked it for.

    Until then it says that the guest stays as it is, and ignores what is asked now.
    """
    undone_by = verb_of(operation).undone_by
    if not look.is_managed or not undone_by:
        return False
    before = predecessor_of(operation)
    if before is None or before.sent_at is None or verb_of(before).command not in undone_by:
        return False
    return seconds_since(before.sent_at) < hypervisor.traits.acts_within_s


def clear_the_way(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> bool:
    """Whether the task of what this one overtook still held the guest's lock; it is being ended then.

    What is overruled inside the hypervisor is not ended here, and a start is waited for first.
    """
    before = predecessor_of(operation)
    if before is None or before.intent_at is None or verb_of(before).is_overruled:
        return False
    is_start = command_of(before, hypervisor).state == Power.RUNNING
    if is_start and seconds_since(operation.created_at) < hypervisor.traits.starts_within_s:
        return False
    with unless_left(before, placement):
        handle = before.handle or new_task_of(before, placement, hypervisor)
        if handle and is_at_work(handle, hypervisor):
            hypervisor.abort(handle)
            return True
    return False


def predecessor_of(operation: Operation) -> Operation | None:
    """What was sent to this VPS before, and failed: what succeeded has no more to come, and what failed unsent says nothing
    of what was sent before it."""
    rows = Operation.objects.filter(vps=operation.vps, pk__lt=operation.pk).order_by("-pk")
    before: Operation | None = rows.exclude(state=Operation.State.FAILED, intent_at=None).first()
    if before is None or before.state != Operation.State.FAILED:
        return None
    before.vps = operation.vps
    return before


def brings_it_up(before: Operation, handle: str, hypervisor: Hypervisor) -> bool:
    """What comes up later is started by a second task, which is not ours: it comes soon after the first, unless that was
    refused, or has been waited for already."""
    since = before.down_since or before.finished_at
    if not recipe_of(before, hypervisor)[before.phase].comes_up_later or since is None:
        return False
    if seconds_since(since) >= hypervisor.traits.comes_up_within_s:
        return False
    result = task_of(handle, hypervisor)
    return result is None or result.is_success or hypervisor.task_refusal(result) == Refusal.OTHER


def seconds_since(moment: datetime) -> float:
    return (clock.now() - moment).total_seconds()
