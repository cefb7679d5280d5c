"""Which command an operation sends now, and what is written of it when that was not sent, or when the next one follows. For
the modules of this package."""

from typing import Any

from vps.db import clock
from vps.hypervisor.base import Command, Hypervisor, Look, Phase, Power
from vps.models import Operation
from vps.operations import pauses
from vps.operations.finish import fail, go_down
from vps.operations.verbs import verb_of

Step = Operation.Step

# The columns of a command that nobody has executed: nothing of it may arrive yet.
UNSENT: dict[str, Any] = {"intent_at": None, "sent_at": None, "sent_after": None}


def recipe_of(operation: Operation, hypervisor: Hypervisor) -> tuple[Phase, ...]:
    return hypervisor.recipe(operation.vps.placement.ref.kind, verb_of(operation).command)


def is_last_phase(operation: Operation, hypervisor: Hypervisor) -> bool:
    return operation.phase >= len(recipe_of(operation, hypervisor)) - 1


def phase_of(operation: Operation, hypervisor: Hypervisor) -> Phase:
    """The one that is carried out now. A guest that the last one has left down is to be started."""
    if operation.down_since and is_last_phase(operation, hypervisor):
        return hypervisor.recipe(operation.vps.placement.ref.kind, Command.START)[-1]
    return recipe_of(operation, hypervisor)[operation.phase]


def command_of(operation: Operation, hypervisor: Hypervisor) -> Command:
    return phase_of(operation, hypervisor).command


def is_at_goal(operation: Operation, look: Look, hypervisor: Hypervisor) -> bool:
    """Whether the next phase may begin. The goal of the last one is not asked for here: the verb decides when it is done."""
    return not is_last_phase(operation, hypervisor) and look.power == phase_of(operation, hypervisor).goal


def not_sent(operation: Operation, step: Step = Step.WAITING) -> dict[str, Any]:
    """Columns of an operation whose command surely did not act, so that it begins again."""
    spent = [*operation.spent_handles, operation.handle] if operation.handle else operation.spent_handles
    return UNSENT | {"handle": "", "spent_handles": spent, "step": step}


def held_up(operation: Operation, step: Step = Step.WAITING) -> dict[str, Any]:
    """The same of one that did not fail but came at a bad time: that was no try of it."""
    return not_sent(operation, step) | {"attempts": max(0, operation.attempts - 1)}


def begin_next_phase(operation: Operation, look: Look, detail: str = "") -> float:
    """Its command is another one, with tries of its own. A guest that is down between two phases is ours to bring up."""
    columns = not_sent(operation) | {"phase": operation.phase + 1, "attempts": 0, "error_detail": detail}
    if look.power == Power.STOPPED and verb_of(operation).goal == Power.RUNNING:
        go_down(operation, look, **columns, down_since=operation.down_since or clock.now())
    else:
        operation.write(**columns)
    return pauses.NOW


def begin_again(operation: Operation, hypervisor: Hypervisor) -> float | None:
    """It was not sent. Under another token nobody can tell."""
    is_hidden = hypervisor.traits.has_log and operation.sent_as and operation.sent_as != hypervisor.caller
    if is_hidden:
        fail(operation, "outcome_unknown", f"it was sent as {operation.sent_as}, whose tasks cannot be seen any more")
        return None
    operation.write(**not_sent(operation))
    return pauses.NOW


def has_had_its_time(operation: Operation, hypervisor: Hypervisor) -> bool:
    """Whether a phase that another one follows is not waited for any more. The last one has until the deadline."""
    if is_last_phase(operation, hypervisor):
        return False
    return seconds_since_sent(operation) > phase_of(operation, hypervisor).within_s


def seconds_since_sent(operation: Operation) -> float:
    return (clock.now() - operation.sent_at).total_seconds() if operation.sent_at else 0.0
