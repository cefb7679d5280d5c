"""What a hypervisor is to the panel: its shapes, its verbs and its few ways to fail. Called by services, kept by drivers.

Nothing here knows Django, the database or Celery: a driver can be read, run and tested alone.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from vps.guests import GuestRef, Kind
from vps.marks import Marks


class Power(StrEnum):
    """What was seen of a guest. UNKNOWN is what an unreachable node leaves us with, and is never shown as stopped."""

    RUNNING = "running"
    STOPPED = "stopped"
    PAUSED = "paused"
    UNKNOWN = "unknown"


NEVER = float("inf")

# What a VPS's status can be moved to by looking.
OBSERVED = (Power.RUNNING, Power.STOPPED)


class Command(StrEnum):
    """What can be asked of a guest, in the contract's words. A driver does each by its `recipe`.

    STOP is a clean shutdown that powers off after its limit; FORCE_STOP powers off at once and overrules a running
    shutdown; RESTART is hard; REBOOT is soft.
    """

    START = "start"
    STOP = "stop"
    FORCE_STOP = "force_stop"
    RESTART = "restart"
    REBOOT = "reboot"

    @property
    def state(self) -> Power | None:
        """The power that it asks for, and that a guest may have without it. None: it asks for an act."""
        return STATES.get(self)


STATES = {Command.START: Power.RUNNING, Command.STOP: Power.STOPPED, Command.FORCE_STOP: Power.STOPPED}


@dataclass(frozen=True)
class Phase:
    """One command of a recipe, which is sent when the phase before it has reached its `goal`.

    Where another phase follows and the goal is not seen `within_s`, the next one begins all the same (`or_next`), or the
    operation fails. Of the command itself: `leaves_trace` is False where its task alone tells that it was carried out,
    and nothing about the guest. `checks_lock` is False where it takes down a guest that is locked, and does not bring it
    up again: so it is looked at right before, and what is down after it is ours to start. `comes_up_later`: the command
    ends with the guest down, and the hypervisor starts it by itself soon after.
    """

    command: Command
    goal: Power
    within_s: float = NEVER
    or_next: bool = False
    leaves_trace: bool = True
    checks_lock: bool = True
    comes_up_later: bool = False


@dataclass(frozen=True)
class Traits:
    """What is so of every cluster of one kind of hypervisor: constants of its driver. Times are in seconds.

    `commands`: what can be asked of each kind of guest. `has_log`: a command gives a handle, and `sent_since`, `task` and
    `abort` mean something. `stray_s`: a command whose answer was lost may act as late as this; `orphan_s` where a worker
    died with it, nothing is known to have gone wrong on its way, and other calls are as quick as `quick_s`.
    `clock_skew_s`: so far apart may the clocks be of an intent and of a task. `list_lag_s`: `guests` may be older than a
    look by this. `at_once`: calls in flight to one cluster. `starts_within_s`: a start takes no longer, or hangs.
    `comes_up_within_s`: as long may the hypervisor take to start what its reboot has shut down. `acts_within_s`: as long
    may the availability manager take to hear of a command.
    """

    commands: Mapping[Kind, Set[Command]]
    has_log: bool
    stray_s: float
    orphan_s: float
    quick_s: float
    clock_skew_s: float
    list_lag_s: float
    at_once: int
    starts_within_s: float
    comes_up_within_s: float
    acts_within_s: float


class Timeframe(StrEnum):
    """How far back a guest's history goes."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True)
class Access:
    """How a cluster is reached. `hosts` are `name` or `name:port`, any of which answers for the whole cluster.

    TLS is always verified: against `ca_pem`, or the pinned SHA-256 `fingerprint` (colon hex), or the system's store.
    With a `fault` nothing is sent: every call is Unreachable, for that reason.
    """

    hosts: tuple[str, ...]
    user: str
    secret: str = field(repr=False)
    ca_pem: str = ""
    fingerprint: str = ""
    fault: str = ""


class Usage(NamedTuple):
    """What a guest uses at one moment, None where the hypervisor has not said it.

    Sizes in bytes; the counters run since its start; `cpu` is 0..1 of its cores.
    """

    cpu: float | None = None
    ram_used: int | None = None
    ram_total: int | None = None
    disk_used: int | None = None
    disk_total: int | None = None
    disk_read: int | None = None
    disk_written: int | None = None
    net_in: int | None = None
    net_out: int | None = None
    uptime_s: int | None = None


NO_USAGE = Usage()


class Guest(NamedTuple):
    """One line of the cluster's list: every guest that the token may see, in one call, up to 13 s old (power, usage).

    `is_lost`: the cluster has lost its node, so nobody can ask it. Another one that is UNKNOWN can be asked itself.
    """

    ref: GuestRef
    name: str
    power: Power
    lock: str = ""
    is_template: bool = False
    cores: int | None = None
    usage: Usage = NO_USAGE
    is_lost: bool = False


@dataclass(frozen=True)
class Look:
    """What one guest's own status says now, on `node`. `at` is a clock of the cluster (UTC) as it answered.

    `uptime_s` is None where it was not said. `waits` says for staff why the guest is not free, such as its lock, and is ''
    where it is; `waits_for` are the commands that this holds up. `never` are those that cannot be carried out as the guest
    is, and why. `is_rough`: it comes from a list that hides something (`Hypervisor.listed`).

    An availability manager, where the guest `is_managed`, holds it to a power (`held_to`; None: to none, or it has not
    said) and leaves it down or not (`stays_down`; None: it has not said).
    """

    node: str
    kind: Kind
    power: Power
    at: datetime
    uptime_s: int | None = None
    waits: str = ""
    waits_for: frozenset[Command] = frozenset()
    never: Mapping[Command, "Refusal"] = field(default_factory=dict)
    is_rough: bool = False
    is_managed: bool = False
    held_to: Power | None = None
    stays_down: bool | None = True


@dataclass(frozen=True)
class TaskResult:
    """Where a task stands. `exit_text` is the hypervisor's own and is for staff alone."""

    is_finished: bool
    is_success: bool = False
    exit_text: str = ""


@dataclass(frozen=True)
class FoundTask:
    """A task of ours in a node's list: of which guest, by its `key`, and which commands it may be.

    `started_at` is the node's clock (UTC).
    """

    handle: str
    key: str
    started_at: datetime
    commands: frozenset[Command]
    result: TaskResult


@dataclass(frozen=True)
class Sample:
    """One point of a guest's history. What was not measured is None. Rates are bytes a second, `cpu` is 0..1."""

    time: int
    cpu: float | None = None
    ram_used: float | None = None
    ram_total: float | None = None
    disk_read: float | None = None
    disk_written: float | None = None
    net_in: float | None = None
    net_out: float | None = None


class Need(StrEnum):
    """What the panel must be allowed to do with a guest."""

    SEE = "see"
    COMMAND = "command"
    ADDRESSES = "addresses"


class Rights(Protocol):
    """What we are allowed to do, by the cluster's own account."""

    def may(self, need: Need, ref: GuestRef | None = None) -> bool:
        """Of this guest; of any at all, where none is named."""
        ...

    def name(self, need: Need) -> str:
        """What the hypervisor calls it, so that staff can grant it."""
        ...


class Refusal(StrEnum):
    """Why a hypervisor, having understood, did not do it."""

    ALREADY_RUNNING = "already_running"
    NOT_RUNNING = "not_running"
    LOCKED = "locked"
    BUSY = "busy"
    PAUSED = "paused"
    TEMPLATE = "template"
    TIMED_OUT = "timed_out"
    NOT_HERE = "not_here"
    NO_QUORUM = "no_quorum"
    NO_AGENT = "no_agent"
    NO_HISTORY = "no_history"
    NO_TASK = "no_task"
    GIVEN_UP = "given_up"
    DENIED = "denied"
    UNAUTHENTICATED = "unauthenticated"
    OTHER = "other"


class HypervisorError(Exception):
    """A call that did not do what was asked. `detail` is the raw text, for staff alone."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Unreachable(HypervisorError):
    """Nothing was executed: no host of the cluster took the call (refused, no route, name, TLS), or it was held back."""


class TooLate(Unreachable):
    """Nothing was executed: whoever wanted to send it was held up on the way, which is nobody's fault out there."""


class NodeUnreachable(Unreachable):
    """Nothing was executed: the cluster answered that it cannot reach the node (595), or does not know where it is."""


class OutcomeUnknown(HypervisorError):
    """The call left and no trustworthy answer came back: it may or may not have been executed."""


class Refused(HypervisorError):
    """The hypervisor answered, and the answer is no."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class NodeUnknown(Refused):
    """Refused(NOT_HERE): there is no node of this name, or its name cannot be looked up just now. It counts as unreachable."""

    def __init__(self, detail: str) -> None:
        super().__init__(Refusal.NOT_HERE, detail)


class Hypervisor(Protocol):
    """One cluster. Every method may raise Unreachable, OutcomeUnknown or Refused; reads have no side effects. `recipe` and
    `is_new_run` are pure: they ask nobody."""

    @property
    def traits(self) -> Traits: ...

    @property
    def caller(self) -> str:
        """By which token it asks, and whose tasks alone it sees as ours."""
        ...

    @property
    def slowest_s(self) -> float:
        """How long the slowest answer through this object took."""
        ...

    def close(self) -> None:
        """Let go of its connections. It may be used again."""
        ...

    def version(self) -> str:
        """The product's version, such as "9.2.11"; proves that the address, TLS and token are right."""
        ...

    def certificates(self) -> tuple[str, ...]:
        """`NODE FINGERPRINT` of each node, in order: what tells this cluster from any other, by whatever host it is
        reached. () where it does not say."""
        ...

    def guests(self) -> list[Guest]:
        """All guests of the cluster, in one call. Those of a node that the cluster has lost are UNKNOWN at once."""
        ...

    def rights(self) -> Rights:
        """What we may do. A guest that may not be seen is not in `guests`, as if it were not there."""
        ...

    def look(self, ref: GuestRef) -> Look:
        """The guest's own status. Refused(NOT_HERE) where this node does not hold it."""
        ...

    def identity(self, ref: GuestRef) -> Marks:
        """What tells this guest from any other, now or later under the same key: all its marks (vps.marks)."""
        ...

    def addresses(self, ref: GuestRef, known: str | None = None) -> list[str]:
        """What the running guest reports, usable ones alone, the best first, and of equals the known one. Refused(NO_AGENT)
        or none."""
        ...

    def glance(self, ref: GuestRef) -> Look:
        """`look`, but perhaps from a list (`listed`), where a paused guest looks running and HA hides: good for waiting."""
        ...

    def listed(self, node: str, since: datetime) -> "Hypervisor":
        """The same cluster, but `glance`, `task` and `sent_since` of this node come from its lists, one call each in all,
        and tell of tasks since then: for whoever watches many guests at once."""
        ...

    def recipe(self, kind: Kind, command: Command) -> tuple[Phase, ...]:
        """The phases in which `command` is done. They depend on nothing else: an operation counts how many it is past."""
        ...

    def is_new_run(self, command: Command, look: Look, since_s: float) -> bool | None:
        """Whether what is seen running has begun within the last `since_s`, when `command` left. None: it cannot be told
        from the guest, and the command's task decides."""
        ...

    def send(
        self, ref: GuestRef, command: Command, limit_s: int, *, is_managed: bool = False, leave_by: float = NEVER
    ) -> str:
        """Send the one command of a phase and return its handle at once. `limit_s` is how long a clean shutdown may take.

        What has not left by `leave_by` (time.monotonic) is not sent: Unreachable. '': the hypervisor gives no handles.
        """
        ...

    def sent_since(self, ref: GuestRef, command: Command, since: datetime) -> list[FoundTask]:
        """Our own token's tasks of this guest and command since then (node's clock), running ones too, oldest first."""
        ...

    def task(self, handle: str) -> TaskResult:
        """Where this task stands. One that the node no longer knows is Refused(NO_TASK)."""
        ...

    def abort(self, handle: str) -> None:
        """End a task of ours, if it has not ended; what it has begun may go on. It ends a moment after."""
        ...

    def task_refusal(self, result: TaskResult) -> Refusal:
        """Why a finished, unsuccessful task failed, as one of ours."""
        ...

    def history(self, ref: GuestRef, timeframe: Timeframe) -> list[Sample]:
        """Oldest first, at most about 400 points. Refused(NO_HISTORY) for a brand-new guest."""
        ...
