"""What Proxmox VE does with each command: which call it is, what holds it up, what it leaves behind. For the driver beside it.

Facts are from the sources of qemu-server 9.2, pve-container 6.1 and pve-ha-manager 5.2.
"""

from typing import Any

from vps.guests import Kind
from vps.hypervisor.base import Command, Look, Phase, Power, Refusal, Traits

# (what is asked, of which kind): (action, parameters with the time limit put in, task types, HA's too)
# LXC has no reset: a reboot that gives the container one second is as hard, and is one task from stop to start, so that
# nothing can die between the two and leave it down.
CALLS: dict[tuple[Command, Kind], tuple[str, dict[str, Any], set[str]]] = {
    (Command.START, Kind.VM): ("start", {}, {"qmstart", "hastart"}),
    (Command.START, Kind.CONTAINER): ("start", {}, {"vzstart", "hastart"}),
    (Command.STOP, Kind.VM): ("shutdown", {"timeout": None, "forceStop": 1}, {"qmshutdown", "hastop"}),
    (Command.STOP, Kind.CONTAINER): ("shutdown", {"timeout": None, "forceStop": 1}, {"vzshutdown", "hastop"}),
    (Command.FORCE_STOP, Kind.VM): ("stop", {"overrule-shutdown": 1}, {"qmstop", "hastop"}),
    (Command.FORCE_STOP, Kind.CONTAINER): ("stop", {"overrule-shutdown": 1}, {"vzstop", "hastop"}),
    (Command.RESTART, Kind.VM): ("reset", {}, {"qmreset"}),
    (Command.RESTART, Kind.CONTAINER): ("reboot", {"timeout": 1}, {"vzreboot"}),
    (Command.REBOOT, Kind.VM): ("reboot", {"timeout": None}, {"qmreboot"}),
    (Command.REBOOT, Kind.CONTAINER): ("reboot", {"timeout": None}, {"vzreboot"}),
}

TRAITS = Traits(
    commands={kind: frozenset(command for command, of in CALLS if of == kind) for kind in Kind},
    has_log=True,
    # The node-to-node proxy waits for 30 s, and a margin.
    stray_s=38.0,
    orphan_s=10.0,
    quick_s=2.0,
    # The intent bears the clock of the host that answered, or ours where that is behind, and a task that of its node.
    clock_skew_s=60.0,
    # pvestatd's 10 s and a cache: up to 13 s.
    list_lag_s=15.0,
    # pveproxy and pvedaemon have three workers each on a node, and people use them too.
    at_once=4,
    starts_within_s=10.0,
    comes_up_within_s=30.0,
    # The manager's rounds take 10 s, and those of its hands on each node.
    acts_within_s=30.0,
)

# What is not as the others are. A reset keeps the machine's process, and so its uptime (vm_reset). A machine's reboot is a
# shutdown, and a start that the end of its process brings about. A container's asks for no lock: it stops a locked one,
# and the start hook then refuses, in words that name no lock (vm_reboot).
ODD: dict[tuple[Command, Kind], dict[str, bool]] = {
    (Command.RESTART, Kind.VM): {"leaves_trace": False},
    (Command.REBOOT, Kind.VM): {"comes_up_later": True},
    (Command.RESTART, Kind.CONTAINER): {"checks_lock": False},
    (Command.REBOOT, Kind.CONTAINER): {"checks_lock": False},
}
PHASES = {
    (command, kind): Phase(command, command.state or Power.RUNNING, **ODD.get((command, kind), {}))
    for command, kind in CALLS
}

# Locks of the guest's configuration under which a command is carried out all the same: any other refuses it, or would let
# a container go down and not come up (vm_start; API2/LXC/Status and the start hook).
PASSES_LOCK: dict[tuple[Command, Kind], str] = {
    (Command.START, Kind.VM): "suspended",
    (Command.START, Kind.CONTAINER): "mounted",
    (Command.FORCE_STOP, Kind.CONTAINER): "mounted",
    (Command.RESTART, Kind.CONTAINER): "mounted",
    (Command.REBOOT, Kind.CONTAINER): "mounted",
}

# The manager's states in which a guest that is down stays down, and those before a stop and before a start.
LEAVES_DOWN = {"stopped", "error"}
STOPS = {"stopped", "request_stop"}
STARTS = {"started", "request_start", "request_start_balance"}
# What goes to the manager. Reboot and reset pass it by.
TO_MANAGER = (Command.START, Command.STOP, Command.FORCE_STOP)
DOWN = {command for command in Command if command.state == Power.STOPPED}

# An uptime counts whole seconds, from the process's start or from its files' age: so much too long may it be.
UPTIME_GRAIN_S = 2.0


def of_task(type: str) -> frozenset[Command]:
    """Which commands a task of this type may be."""
    return frozenset(command for (command, _), (_, _, types) in CALLS.items() if type in types)


def held_up(kind: Kind, power: Power, lock: str) -> frozenset[Command]:
    """What the hypervisor would refuse for the guest's lock, or do harm by in spite of it. What is down is told to stay down
    all the same."""
    if not lock:
        return frozenset()
    free = {command for command in Command if PASSES_LOCK.get((command, kind)) == lock}
    free |= DOWN if power == Power.STOPPED else set()
    return frozenset(Command) - free - ({Command.START} if runs_for_backup(power, lock) else set())


def runs_for_backup(power: Power, lock: str) -> bool:
    """A backup of a machine that is down runs in its process: to start that is to let it go on."""
    return power == Power.PAUSED and lock == "backup"


def never(kind: Kind, power: Power, lock: str, ha_state: str, *, is_template: bool) -> dict[Command, Refusal]:
    """What stands in the way for good, not as a lock: the manager takes requests in its state `error` and does nothing. A
    command without a call is nothing that this kind of guest can do."""
    found = dict.fromkeys(set(Command) - TRAITS.commands[kind], Refusal.OTHER)
    if power == Power.PAUSED:
        passes = DOWN | ({Command.START} if runs_for_backup(power, lock) else set())
        found |= dict.fromkeys(set(Command) - passes, Refusal.PAUSED)
    if is_template:
        found |= dict.fromkeys(Command, Refusal.TEMPLATE)
    return found | (dict.fromkeys(TO_MANAGER, Refusal.GIVEN_UP) if ha_state == "error" else {})


def held_to(ha_state: str) -> Power | None:
    """What the manager is about to do is its wish too. Unsaid is no wish."""
    if ha_state in STOPS:
        return Power.STOPPED
    return Power.RUNNING if ha_state in STARTS else None


def stays_down(ha_state: str) -> bool | None:
    return ha_state in LEAVES_DOWN if ha_state else None


def is_new_run(command: Command, look: Look, since_s: float) -> bool | None:
    """An uptime is a duration, which no host's clock has a part in."""
    if not PHASES[command, look.kind].leaves_trace:
        return None
    return look.uptime_s is not None and look.uptime_s <= since_s + UPTIME_GRAIN_S
