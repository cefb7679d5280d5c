"""What a hypervisor's log of tasks tells of commands that were perhaps sent. For the modules of this package."""

from datetime import datetime, timedelta

from vps.db import clock
from vps.hypervisor.base import Hypervisor, Look, Refusal, Refused, TaskResult
from vps.models import Operation, Placement
from vps.operations.phases import command_of


def new_task_of(sent: Operation, placement: Placement, hypervisor: Hypervisor) -> str:
    """The node's newest task that may be this operation's, whose answer never came, and is nobody's yet; or ''."""
    if sent.intent_at is None or sent.vps_id is None or not hypervisor.traits.has_log:
        return ""
    since = sent.intent_at - clock_skew(hypervisor)
    tasks = hypervisor.sent_since(placement.ref_on(sent.node), command_of(sent, hypervisor), since)
    unknown = (task.handle for task in reversed(tasks) if not Operation.objects.knows_task(sent.vps_id, task.handle))
    return next(unknown, "")


def tasks_of_others(operation: Operation, placement: Placement, hypervisor: Hypervisor, look: Look) -> list[str]:
    """Tasks that `new_task_of` could take for the one that is about to begin: of what ended in doubt, or of whoever had
    this guest before. Without them a lost command would seem to have been carried out. On a later try they are set aside
    already, and what is new may be its own."""
    is_first = not operation.attempts or operation.down_since
    if not is_first or not hypervisor.traits.has_log:
        return []
    stray = timedelta(seconds=hypervisor.traits.stray_s)
    if not operation.may_meet_tasks_of_others(clock_skew(hypervisor) + stray):
        return []
    begun = intent_of(look, clock.now()) - clock_skew(hypervisor)
    found = hypervisor.sent_since(placement.ref_on(look.node), command_of(operation, hypervisor), begun)
    return [task.handle for task in found]


def clock_skew(hypervisor: Hypervisor) -> timedelta:
    """Tasks of ours that this wider look finds, and that were known before, are not taken for new ones."""
    return timedelta(seconds=hypervisor.traits.clock_skew_s)


def intent_of(look: Look, now: datetime) -> datetime:
    """From when on tasks are ours: now, by the clock of the host that answered or by our own. A clock that is ahead would
    hide the task, and then it would be sent again; so whichever is behind counts."""
    return min(look.at, now)


def is_at_work(handle: str, hypervisor: Hypervisor) -> bool:
    result = task_of(handle, hypervisor)
    return result is not None and not result.is_finished


def task_of(handle: str, hypervisor: Hypervisor) -> TaskResult | None:
    """None of one that nobody knows any more, or whose node is gone: it has ended long ago."""
    try:
        return hypervisor.task(handle)
    except Refused as refused:
        if refused.reason not in (Refusal.NO_TASK, Refusal.NOT_HERE):
            raise
    return None
