"""What each kind of operation means, as tables. For the modules of this package."""

from datetime import timedelta

from vps.hypervisor.base import Command, Kind, Look, Power
from vps.models import Operation

START, STOP = Operation.Kind.START, Operation.Kind.STOP
RESTART, REBOOT = Operation.Kind.RESTART, Operation.Kind.REBOOT

# The guest's own system has this long to shut down, in seconds.
SHUTDOWN_LIMIT_S = 60

# One that is paused cannot, and is not waited for.
PAUSED_LIMIT_S = 1

# All of it, waiting for a lock or an unreachable host included.
DEADLINE = {
    START: timedelta(seconds=120),
    STOP: timedelta(seconds=180),
    RESTART: timedelta(seconds=120),
    REBOOT: timedelta(seconds=300),
}
GOAL = {START: Power.RUNNING, STOP: Power.STOPPED, RESTART: Power.RUNNING, REBOOT: Power.RUNNING}
# Commands sent, and workers lost in the middle of a turn.
MOST_TRIES = 5

# In seconds: how soon to look again.
NOW = 0.0
SOON = 1.0
LATER = 3.0
LOCKED = 5.0

# A command whose answer was lost may still wait this long inside the hypervisor's node-to-node proxy (30 s, and a margin).
STRAY_FOR = timedelta(seconds=38)

# Where a worker died with the command, nothing went wrong on its way that we know of: if the same way is quick for other
# calls, a command that left before the worker's end has arrived long before this.
ORPHAN_FOR = timedelta(seconds=10)
QUICK_S = 2.0

# A worker that was paused between its intent and the command does not send it any more after this.
LEAVES_WITHIN_S = 10.0

# The intent bears the clock of the host that answered, and a task that of its node: so far apart may they be. Tasks of
# ours that the wider look finds, and that were known before, are not taken for new ones.
CLOCK_SKEW = timedelta(seconds=60)

# Both of one host, by a clock that counts whole seconds.
CLOCK_GRAIN = timedelta(seconds=2)

# A virtual machine that a reboot has shut down is started again, by the hypervisor itself, within this time.
COMES_UP_WITHIN = timedelta(seconds=30)


# A start that a forced stop overtakes ends by itself within this time, or is ended: what it began may go on without it.
STARTS_WITHIN = timedelta(seconds=10)


def command_of(operation: Operation) -> Command:
    if operation.is_forced:
        return Command.FORCE_STOP
    return Command(operation.kind)


def is_done_already(operation: Operation, look: Look) -> bool:
    """Start and stop ask for a state; restart and reboot ask for an act, which no state can have done before it."""
    return operation.kind in (START, STOP) and look.power == GOAL[Operation.Kind(operation.kind)]


def is_seen_done(operation: Operation, kind: str, look: Look) -> bool:
    """Whether the guest is in the state that was asked for, and is so because of us.

    A reset keeps the virtual machine's process, so its uptime tells nothing (qemu-server 9.2, vm_reset); all other
    ways to come up again begin a new uptime.
    """
    if look.power != GOAL[Operation.Kind(operation.kind)]:
        return False
    keeps_uptime = operation.kind == RESTART and kind == Kind.QEMU
    if operation.kind in (START, STOP) or keeps_uptime or operation.intent_at is None:
        return True
    if look.uptime_s is None:
        return False
    return look.node_time - timedelta(seconds=look.uptime_s) >= operation.intent_at - CLOCK_GRAIN


def why_impossible(operation: Operation, look: Look) -> str:
    """The code of what stands in the way for good, or ''. What will pass, such as a lock, is not here.

    The manager of highly available guests takes requests in its state `error` and does nothing (pve-ha-manager 5.2);
    reboot and reset pass it by.
    """
    if look.ha_state == "error" and operation.kind in (START, STOP):
        return "ha_error"
    if look.is_template:
        return "vps_template"
    if look.power == Power.PAUSED and operation.kind != STOP:
        return "vps_paused"
    if look.power == Power.STOPPED and operation.kind in (RESTART, REBOOT):
        return "vps_not_running"
    return ""


def pause(operation: Operation, seconds_since_sent: float) -> float:
    """How soon to poll: every second at first, when most end, and then at leisure."""
    return SOON if seconds_since_sent < 10 else LATER
