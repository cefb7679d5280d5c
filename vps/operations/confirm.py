"""The last step: what was done is seen, or it is waited for, or the next phase begins. For `steps` and `follow`."""

from vps.db import clock
from vps.hypervisor import Hypervisor
from vps.hypervisor.base import Look, Power, Refusal, Refused
from vps.models import Operation, Placement
from vps.operations import pauses, refusals
from vps.operations.finish import fail, succeed
from vps.operations.phases import (
    begin_again,
    begin_next_phase,
    has_had_its_time,
    is_last_phase,
    phase_of,
    seconds_since_sent,
)
from vps.operations.predecessor import may_be_undone
from vps.operations.verbs import verb_of


def confirm(operation: Operation, placement: Placement, hypervisor: Hypervisor) -> float | None:
    """The hypervisor's OK is not enough: a reboot's task ends before the guest runs again, a manager's before it acts.

    A list does not tell who is managed, and may hide more than that.
    """
    verb, ref = verb_of(operation), placement.ref
    try:
        look = hypervisor.glance(ref)
        hides_something = look.is_rough or operation.is_managed
        if hides_something and (is_seen_done(operation, look, hypervisor) or is_overdue(operation, hypervisor)):
            look = hypervisor.look(ref)
    except Refused as refused:
        return refusals.after_refused_look(operation, placement, hypervisor, refused)
    if is_seen_done(operation, look, hypervisor) and not may_be_undone(operation, look, hypervisor):
        succeed(operation, look)
        return None
    if is_overdue(operation, hypervisor) and verb.undone_by and look.held_to not in (None, verb.goal):
        return begin_again(operation, hypervisor)
    if not is_last_phase(operation, hypervisor):
        return confirm_phase(operation, look, hypervisor)
    if verb.is_cycle and look.power == Power.STOPPED:
        return wait_until_up(operation, look, hypervisor)
    return pauses.until_next_poll(seconds_since_sent(operation))


def is_seen_done(operation: Operation, look: Look, hypervisor: Hypervisor) -> bool:
    """Whether the guest is in the state that was asked for, and is so because of us. How long it is up is held against the
    time since the command left, by our own clock. Where the guest cannot tell, the task of the last phase has."""
    verb = verb_of(operation)
    left_at = operation.sent_after or operation.sent_at
    is_new_run = None
    if left_at is not None and look.power == Power.RUNNING:
        is_new_run = hypervisor.is_new_run(verb.command, look, (clock.now() - left_at).total_seconds())
    if is_new_run is None and not is_last_phase(operation, hypervisor):
        is_new_run = False
    return verb.is_seen_done(operation, look, is_new_run=is_new_run)


def confirm_phase(operation: Operation, look: Look, hypervisor: Hypervisor) -> float | None:
    """When it has done its part, or its time is over, the next one begins."""
    phase, is_late = phase_of(operation, hypervisor), has_had_its_time(operation, hypervisor)
    if look.power == phase.goal or (is_late and phase.or_next):
        return begin_next_phase(operation, look)
    if not is_late:
        return pauses.until_next_poll(seconds_since_sent(operation))
    fail(operation, verb_of(operation).code_of(Refusal.TIMED_OUT), f"not {phase.goal} in {phase.within_s} s", look=look)
    return None


def is_overdue(operation: Operation, hypervisor: Hypervisor) -> bool:
    """Whether an availability manager has ignored our request, as it does with one that comes too early."""
    is_asked = operation.is_managed and not verb_of(operation).is_cycle
    return is_asked and seconds_since_sent(operation) > hypervisor.traits.acts_within_s


def wait_until_up(operation: Operation, look: Look, hypervisor: Hypervisor) -> float | None:
    """The hypervisor starts what a reboot has shut down. If it does not, its owner is told soon, and may start it."""
    now = clock.now()
    if operation.down_since is None:
        operation.write(down_since=now)
    if look.waits:
        return refusals.bring_up(operation, look, look.waits)
    since = max(operation.down_since or now, operation.sent_after or now)
    if (now - since).total_seconds() < hypervisor.traits.comes_up_within_s:
        return pauses.SOON
    fail(operation, "did_not_come_back", operation.error_detail or "it went down and stayed down", look=look)
    return None
