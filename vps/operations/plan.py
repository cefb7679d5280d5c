"""What each kind of operation means, as tables. For the modules of this package."""

from datetime import datetime, timedelta

from vps.guests import Kind
from vps.hypervisor.base import Command, Look, Power
from vps.models import Operation
from vps.operations.verbs import verb_of

START, STOP = Operation.Kind.START, Operation.Kind.STOP
RESTART, REBOOT = Operation.Kind.RESTART, Operation.Kind.REBOOT

# The guest's own system has this long to shut down, in seconds.
SHUTDOWN_LIMIT_S = 60

# One that is paused cannot, and is not waited for.
PAUSED_LIMIT_S = 1

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

# The intent bears the clock of the host that answered, or ours where that is behind, and a task that of its node: so far
# apart may they be. Tasks of ours that the wider look finds, and that were known before, are not taken for new ones.
CLOCK_SKEW = timedelta(seconds=60)

# An uptime counts whole seconds, from the process's start or from its files' age: so much too long may it be.
UPTIME_GRAIN = timedelta(seconds=2)

# A virtual machine that a reboot has shut down is started again, by the hypervisor itself, within this time.
COMES_UP_WITHIN = timedelta(seconds=30)

# The availability manager hears a request within this time: its rounds take 10 s, and those of its hands on each node.
HA_HEARS_WITHIN = timedelta(seconds=30)

# Its states (the CRM's own, pve-ha-manager 5.2) in which a guest that is down stays down, and those before a stop.
HA_LEAVES_DOWN = {"stopped", "error"}
HA_STOPS = {"stopped", "request_stop"}
HA_STARTS = {"started", "request_start", "request_start_balance"}

# Locks of the guest's configuration under which a command is carried out all the same: any other refuses it, or would let
# a container go down and not come up (qemu-server 9.2, vm_start; pve-container 6.1, API2/LXC/Status and the start hook).
PASSES_LOCK: dict[tuple[Kind, Command], set[str]] = {
    (Kind.VM, Command.START): {"suspended"},
    (Kind.CONTAINER, Command.START): {"mounted"},
    (Kind.CONTAINER, Command.FORCE_STOP): {"mounted"},
    (Kind.CONTAINER, Command.RESTART): {"mounted"},
    (Kind.CONTAINER, Command.REBOOT): {"mounted"},
}

# A start that a forced stop overtakes ends by itself within this time, or is ended: what it began may go on without it.
STARTS_WITHIN = timedelta(seconds=10)


def command_of(operation: Operation) -> Command:
    """What is to be sent: of a reboot whose guest has gone down and stayed there, its second half."""
    return Command.START if operation.down_since else verb_of(operation).command


def is_done_already(operation: Operation, look: Look) -> bool:
    """Start and stop ask for a state; restart and reboot ask for an act, which no state can have done before it.

    What is highly available is in a state only when its manager wants it there too.
    """
    if look.power != verb_of(operation).goal:
        return False
    if look.is_ha and operation.kind == STOP:
        return look.ha_state in HA_LEAVES_DOWN
    if operation.kind in (RESTART, REBOOT):
        return operation.down_since is not None
    return not is_wished_otherwise(operation, look)


def is_wished_otherwise(operation: Operation, look: Look) -> bool:
    """Whether the manager of highly available guests is about to undo what was asked for. Unsaid is no wish."""
    against = {START: HA_STOPS, STOP: HA_STARTS}.get(Operation.Kind(operation.kind), set())
    return look.is_ha and look.ha_state in against


def is_seen_done(operation: Operation, kind: Kind, look: Look, now: datetime) -> bool:
    """Whether the guest is in the state that was asked for, and is so because of us. `now` is the database's clock.

    A reset keeps the virtual machine's process, so its uptime tells nothing (qemu-server 9.2, vm_reset); all other
    ways to come up again begin a new uptime. An uptime is a duration, which no host's clock has a part in: it is held
    against the time since the command left, by our own clock.
    """
    if look.power != verb_of(operation).goal or is_wished_otherwise(operation, look):
        return False
    if look.is_ha and operation.kind == STOP:
        return look.ha_state in HA_LEAVES_DOWN | {""}
    left_at = operation.sent_after or operation.sent_at
    if operation.kind in (START, STOP) or (operation.kind == RESTART and kind == Kind.VM) or left_at is None:
        return True
    return look.uptime_s is not None and timedelta(seconds=look.uptime_s) <= now - left_at + UPTIME_GRAIN


def is_locked(operation: Operation, kind: Kind, look: Look) -> bool:
    """Whether the hypervisor would refuse our command for the guest's lock, or do harm in spite of it.

    A backup of a machine that is down runs in its process: to start that is to let it go on.
    """
    command = command_of(operation)
    if not look.lock or look.lock in PASSES_LOCK.get((kind, command), set()) or runs_for_backup(operation, look):
        return False
    is_down_already = operation.kind == STOP and look.power == Power.STOPPED
    return not is_down_already


def runs_for_backup(operation: Operation, look: Look) -> bool:
    return operation.kind == START and look.power == Power.PAUSED and look.lock == "backup"


def why_impossible(operation: Operation, look: Look) -> str:
    """The code of what stands in the way for good, or ''. What will pass, such as a lock, is not here.

    The manager of highly available guests takes requests in its state `error` and does nothing (pve-ha-manager 5.2);
    reboot and reset pass it by.
    """
    if look.ha_state == "error" and operation.kind in (START, STOP):
        return "ha_error"
    if look.is_template:
        return "vps_template"
    if look.power == Power.PAUSED and operation.kind != STOP and not runs_for_backup(operation, look):
        return "vps_paused"
    if look.power == Power.STOPPED and operation.kind in (RESTART, REBOOT) and operation.down_since is None:
        return "vps_not_running"
    return ""


def pause(operation: Operation, seconds_since_sent: float) -> float:
    """How soon to poll: every second at first, when most end, and then at leisure."""
    return SOON if seconds_since_sent < 10 else LATER
