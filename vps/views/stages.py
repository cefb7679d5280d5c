"""How far an operation is, in the four stages that every one of them goes through. For the overview of a server.

What was done is said with its time, and what was not measured is not: a share done is the stages done of four.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from vps.models import Operation
from vps.operations.verb import ACCEPTED, PASSED_ON
from vps.operations.verbs import verb_of
from vps.views.who import asker_of
from web.errors import Sentence

Step = Operation.Step
# Which of the stages, counted from 0, is under way at each step.
AT = {
    Step.WAITING: 1,
    Step.UNREACHABLE: 1,
    Step.LOCKED: 1,
    Step.SENDING: 1,
    Step.FINDING: 1,
    Step.WORKING: 2,
    Step.DOWN: 2,
    Step.CONFIRMING: 3,
}
# What a step says that its stage does not.
EXPLAINED = (Step.UNREACHABLE, Step.LOCKED, Step.DOWN, Step.FINDING)
WHEN_SEEN = _("done once it is seen")


@dataclass(frozen=True)
class Stage:
    """`state` is done, now or next; `at` is when it was done, and `until` by when it must have been."""

    label: Sentence
    state: str
    at: datetime | None = None
    hint: Sentence = ""
    until: datetime | None = None


def stages_of(operation: Operation, reader: Any) -> list[Stage]:
    verb, now, step = verb_of(operation), stage_now(operation), Step(operation.step)
    asker = asker_of(operation.requested_by, operation.source, reader)
    stages = [
        Stage(ACCEPTED, "done", operation.created_at, str(asker)),
        Stage(PASSED_ON, "done" if now > 1 else "next", operation.sent_at),
        Stage(verb.stage, "done" if now > 2 else "next"),
        Stage(verb.check, "next", hint=WHEN_SEEN),
    ]
    hint = step.label if step in EXPLAINED else stages[now].hint
    stages[now] = replace(stages[now], state="now", at=None, hint=hint, until=operation.deadline_at)
    return stages


def stage_now(operation: Operation) -> int:
    """It never runs backwards, though a command may be tried again."""
    passed = [stage for step, stage in AT.items() if Operation.PROGRESS[step] <= operation.progress]
    return max(passed)
