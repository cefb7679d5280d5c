"""The shape of a verb: all that the engine and the doors need to know of one kind of operation. verbs/ has one a file."""

from collections.abc import Mapping, Sequence, Set
from datetime import timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import Serializer

from vps.hypervisor.base import Command, Look, Power, Refusal
from vps.models import Operation
from web.errors import Sentence

CODES = {
    Refusal.PAUSED: "vps_paused",
    Refusal.TEMPLATE: "vps_template",
    Refusal.GIVEN_UP: "ha_error",
    Refusal.DENIED: "hypervisor_denied",
    Refusal.UNAUTHENTICATED: "hypervisor_denied",
}
# Of a verb that asks the guest's own system, or its agent, which did not do it.
DEAF = dict.fromkeys((Refusal.TIMED_OUT, Refusal.NO_AGENT), "guest_did_not_shut_down")
# The first two of the four stages of an operation, which are the same for every verb.
ACCEPTED, PASSED_ON = _("Accepted"), _("Passed to the hypervisor")


class Verb:
    """`name` is its word in addresses, and unique; `kind` is the word in the API, in events and in the database.

    Of the engine: the `command` that a driver is given, the power that is its `goal`, and its `deadline`, which counts
    all of it, waiting for a lock or an unreachable host included. `may_overtake` ends an open operation in its place, and
    its task, unless that `is_overruled` inside the hypervisor anyway. `is_cycle`: it takes the guest down and up again.
    `undone_by` are commands of the operation before, of which an availability manager may hear after this one, and then has
    ignored it. What a refusal is called is in `codes`, where it is not as with the others, and `unconfirmed_code` is what
    is said where the deadline comes before the goal is seen.

    Of the doors, its button: the `label` (an infinitive), the `icon`, and a `hint` under it in a menu. `is_harsh`: the
    system is not asked, so it stands in the ⋯ menu alone, but where nothing else helps: then its `way_out` may be its label.
    `offered_when` are the words of `Shown` under which it stands on a page, by `order`. `permission` is the admin's.

    Before it is asked for (`asks_first`): the `question`, the one of several servers (`question_of_many`), and the `warning`,
    which says the consequence. Once it is asked for: the API's answer (`requested`), the state meanwhile (`under_way`), what
    has `begun`, the `stage` after the command was passed on, and the last one (`check`). In the activity it is called by its
    `noun`. Its end is `done` or `failed`; it is tried `again`, or by the verb `by_force` that does not ask the system.

    Of the API: it is asked for at /api/vps/{id}/<name>, with `params` as the body, which its row keeps; `summary` and
    `about` describe that. A variant has no address: it is asked for at that of the verb `variant_of`, with `flag` among the
    params set, which its row does not keep.
    """

    name: ClassVar[str]
    order: ClassVar[int]
    kind: ClassVar[Operation.Kind]
    is_forced: ClassVar[bool] = False
    command: ClassVar[Command]
    goal: ClassVar[Power]
    deadline: ClassVar[timedelta]
    may_overtake: ClassVar[bool] = False
    is_overruled: ClassVar[bool] = False
    is_cycle: ClassVar[bool] = False
    undone_by: ClassVar[Set[Command]] = frozenset()
    codes: ClassVar[Mapping[Refusal, str]] = {}
    unconfirmed_code: ClassVar[str] = "timed_out"

    label: ClassVar[Sentence]
    hint: ClassVar[Sentence] = ""
    way_out: ClassVar[Sentence] = ""
    icon: ClassVar[str]
    is_harsh: ClassVar[bool] = False
    offered_when: ClassVar[Set[str]]
    permission: ClassVar[str] = "change"

    asks_first: ClassVar[bool] = True
    question: ClassVar[Sentence]
    question_of_many: ClassVar[Sentence]
    warning: ClassVar[Sentence]
    requested: ClassVar[Sentence]
    under_way: ClassVar[Sentence]
    begun: ClassVar[Sentence]
    stage: ClassVar[Sentence]
    check: ClassVar[Sentence]
    noun: ClassVar[Sentence]
    done: ClassVar[Sentence]
    failed: ClassVar[Sentence]
    again: ClassVar[Sentence]
    by_force: ClassVar[str] = ""

    summary: ClassVar[str] = ""
    about: ClassVar[str] = ""
    params: ClassVar[type[Serializer[Any]] | None] = None
    variant_of: ClassVar[str] = ""
    flag: ClassVar[str] = ""

    def question_about(self, names: Sequence[str]) -> str:
        """What is asked before it is done to the servers of these names."""
        many: Any = self.question_of_many
        return str(self.question) % {"name": names[0]} if len(names) == 1 else str(many % {"count": len(names)})

    def code_of(self, reason: Refusal) -> str:
        """What a refusal that ends the operation is called in `models.failures`."""
        return self.codes.get(reason) or CODES.get(reason, "hypervisor_refused")

    def is_done_already(self, operation: Operation, look: Look) -> bool:
        """Whether no command is needed. What is managed is in a state only when its manager wants it there too."""
        return look.power == self.goal and look.held_to in (None, self.goal)

    def why_impossible(self, operation: Operation, look: Look, command: Command) -> str:
        """The code of what stands in the way of this command for good, or ''. What will pass, such as a lock, is not here."""
        reason = look.never.get(command)
        return self.code_of(reason) if reason else ""

    def is_seen_done(self, operation: Operation, look: Look, *, is_new_run: bool | None) -> bool:
        """Whether the guest is as was asked, and because of us. `is_new_run`: see `Hypervisor`."""
        return self.is_done_already(operation, look)


class PowerOff(Verb):
    """A verb that wants the guest down, and left there by an availability manager."""

    goal = Power.STOPPED
    undone_by = frozenset({Command.START})

    def is_done_already(self, operation: Operation, look: Look) -> bool:
        """A manager that has not said that it leaves the guest down has to be told."""
        return look.power == self.goal and look.stays_down is True

    def is_seen_done(self, operation: Operation, look: Look, *, is_new_run: bool | None) -> bool:
        return look.power == self.goal and look.stays_down is not False


class PowerCycle(Verb):
    """A verb that asks for an act, which no state can have done before it: the guest goes down and comes up anew."""

    goal = Power.RUNNING
    is_cycle = True

    def is_done_already(self, operation: Operation, look: Look) -> bool:
        """A guest that it has seen down is only to be up again."""
        return look.power == self.goal and operation.down_since is not None

    def why_impossible(self, operation: Operation, look: Look, command: Command) -> str:
        is_down = look.power == Power.STOPPED and operation.down_since is None
        return super().why_impossible(operation, look, command) or (
            self.code_of(Refusal.NOT_RUNNING) if is_down else ""
        )

    def is_seen_done(self, operation: Operation, look: Look, *, is_new_run: bool | None) -> bool:
        return look.power == self.goal and is_new_run is not False
