"""Power actions as qemu-server and pve-container carry them out: what is refused at once, what fails in the task.

For `routes`. Each action gives the task's type and work, or raises Refused before there is a task.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from simulator import parameters
from simulator.guests import Guest
from simulator.refusals import died, wrong_parameters
from simulator.tasks import Failed, Task
from simulator.world import World

LOCK_WAIT_S = 10
DEFAULT_TIMEOUT_S = 60
POWER_OFF_S = 0.3
HA_QUEUE_S = 1.0
HA_ROUND_S = 3.0
ROOT = "root@pam"
SYSTEM = {"qemu": ("qm", "VM"), "lxc": ("vz", "CT")}
FOLDER = {"qemu": "qemu-server", "lxc": "lxc"}
# Locks under which an action goes on all the same.
PASSES = {
    ("qemu", "start"): {"suspended"},
    ("qemu", "suspend"): {"backup"},
    ("qemu", "resume"): {"backup", "suspended"},
    ("lxc", "start"): {"mounted"},
    ("lxc", "stop"): {"mounted"},
}
Work = Callable[[Task], None]


@dataclass(frozen=True)
class Call:
    """One request for a power action. `guest` is None where this node does not hold it."""

    world: World
    guest: Guest | None
    kind: str
    vmid: int
    node: str
    params: dict[str, Any]

    @property
    def no_config(self) -> str:
        return f"Configuration file 'nodes/{self.node}/{FOLDER[self.kind]}/{self.vmid}.conf' does not exist"

    @property
    def unable_to_find(self) -> str:
        return f"unable to find configuration file for VM {self.vmid} on node '{self.node}'"

    @property
    def timeout(self) -> float:
        return float(self.params.get("timeout", DEFAULT_TIMEOUT_S))

    def is_set(self, name: str) -> bool:
        return str(self.params.get(name, "0")) == "1"


def perform(call: Call, action: str) -> str:
    """Start the task, and return its UPID."""
    refuse(call, action)
    if call.guest and call.guest.ha and action in ("start", "stop", "shutdown"):
        return queue_for_ha(call, action)
    prefix = SYSTEM[call.kind][0]
    type = f"{prefix}pause" if (call.kind, action) == ("qemu", "suspend") else f"{prefix}{action}"
    return begin(call, type, action, lambda task: work(call, action, task), call.world.user)


def begin(call: Call, type: str, verb: str, work: Work, user: str) -> str:
    task = call.world.tasks.start(call.node, type, str(call.vmid), user, work)
    if user == call.world.user:
        call.world.command(call.guest, call.vmid, verb, task.upid)
    return task.upid


def refuse(call: Call, action: str) -> None:
    """What is refused before there is a task."""
    if call.kind == "lxc":
        refuse_container(call, action)
    else:
        refuse_machine(call, action)


def refuse_container(call: Call, action: str) -> None:
    is_running = call.guest is not None and call.guest.power == "running"
    if action == "start" and is_running:
        raise died(f"CT {call.vmid} already running")
    if action in ("stop", "shutdown", "suspend") and not is_running:
        raise died(f"CT {call.vmid} not running")
    if action == "reboot" and not is_running:
        raise died(f"VM {call.vmid} not running")


def refuse_machine(call: Call, action: str) -> None:
    if call.is_set("overrule-shutdown") and call.guest and call.guest.ha:
        raise wrong_parameters(**{"overrule-shutdown": "not supported for HA managed guests"})
    if action in ("reset", "reboot", "suspend", "resume"):
        if call.guest is None:
            raise died(call.unable_to_find)
        is_on_disk = action == "resume" and call.guest.lock == "suspended"
        if call.guest.power == "stopped" and not is_on_disk:
            raise died(f"VM {call.vmid} not running")
    is_paused = call.guest is not None and call.guest.power == "paused"
    if is_paused and (action == "reboot" or (action == "shutdown" and not call.is_set("forceStop"))):
        raise died("VM is paused - cannot shutdown")


def work(call: Call, action: str, task: Task) -> None:
    """The task itself, under the guest's configuration lock."""
    guest = found(call, action)
    if action == "stop" and call.is_set("overrule-shutdown"):
        overrule(call)
    with config_lock(guest, task):
        if guest.never_ends:
            task.wait(10**6)
        act(call, action, guest, task)
        call.world.save()
    if action == "reboot" and guest.kind == "qemu" and guest.power == "stopped":
        come_up_again(call, guest)


def act(call: Call, action: str, guest: Guest, task: Task) -> None:
    """What the action does; or the end that somebody has put in its place, or behind it."""
    end, end_after = guest.ends.get(action), guest.ends_after.get(action)
    if end is not None:
        task.wait(POWER_OFF_S)
        raise Failed(end)
    ACTIONS[action].work(call, guest, task)
    if end_after is not None:
        raise Failed(end_after)


def found(call: Call, action: str) -> Guest:
    if call.guest is None:
        is_start = action == "start" or call.kind == "lxc"
        raise Failed(call.no_config if is_start else call.unable_to_find)
    return call.guest


def acquired(guest: Guest, task: Task) -> bool:
    """At once, or after a wait that the task's log tells of."""
    if guest.config_lock.acquire(blocking=False):
        return True
    task.lines.append("trying to acquire lock...")
    if guest.config_lock.acquire(timeout=LOCK_WAIT_S):
        task.lines.append(" OK")
        return True
    return False


@contextmanager
def config_lock(guest: Guest, task: Task) -> Iterator[None]:
    if not acquired(guest, task):
        machine, container = (
            f"/var/lock/qemu-server/lock-{guest.vmid}.conf",
            f"/run/lock/lxc/pve-config-{guest.vmid}.lock",
        )
        raise Failed(f"can't lock file '{machine if guest.kind == 'qemu' else container}' - got timeout")
    try:
        yield
    finally:
        guest.config_lock.release()


def overrule(call: Call) -> None:
    for task in call.world.tasks.running(call.node, f"{SYSTEM[call.kind][0]}shutdown", str(call.vmid)):
        if task.user == call.world.user:
            task.interrupted.set()


def respect_lock(guest: Guest, action: str) -> None:
    if guest.lock and guest.lock not in PASSES.get((guest.kind, action), set()):
        raise Failed(f"{SYSTEM[guest.kind][1]} is locked ({guest.lock})")


def start(call: Call, guest: Guest, task: Task) -> None:
    if guest.kind == "qemu" and guest.power != "stopped" and guest.lock == "backup":
        guest.set_power("running")
        return
    respect_lock(guest, "start")
    if guest.template:
        raise Failed(f"you can't start a {SYSTEM[guest.kind][1] if guest.kind == 'lxc' else 'vm'} if it's a template")
    if guest.power != "stopped":
        raise Failed(f"{SYSTEM[guest.kind][1]} {guest.vmid} already running")
    task.wait(guest.start_seconds)
    if guest.fail_start:
        raise Failed("start failed: QEMU exited with code 1" if guest.kind == "qemu" else failed_container(guest))
    guest.set_power("running")


def failed_container(guest: Guest) -> str:
    return f"startup for container '{guest.vmid}' failed"


def stop(call: Call, guest: Guest, task: Task) -> None:
    if guest.power == "stopped":
        return
    respect_lock(guest, "stop")
    task.wait(POWER_OFF_S)
    guest.set_power("stopped")


def shutdown(call: Call, guest: Guest, task: Task) -> None:
    if guest.power == "stopped":
        return
    respect_lock(guest, "shutdown")
    go_down(call, guest, task, is_forced=call.is_set("forceStop"))


def go_down(call: Call, guest: Guest, task: Task, *, is_forced: bool) -> None:
    is_deaf = guest.ignores_acpi or guest.power == "paused" or guest.shutdown_seconds > call.timeout
    task.wait(min(guest.shutdown_seconds, call.timeout) if not is_deaf else call.timeout)
    if is_deaf and not is_forced:
        is_machine = guest.kind == "qemu"
        raise Failed("VM quit/powerdown failed - got timeout" if is_machine else "container did not stop")
    guest.set_power("stopped")


def reboot(call: Call, guest: Guest, task: Task) -> None:
    """A virtual machine goes down here, and qmeventd brings it up; a container goes down, however, and up in one task.

    A container's lock is looked at by its start hook alone, when it is down already.
    """
    if guest.kind == "qemu":
        if guest.power != "stopped":
            respect_lock(guest, "reboot")
            go_down(call, guest, task, is_forced=False)
        return
    go_down(call, guest, task, is_forced=True)
    if guest.lock not in ("", "mounted"):
        raise Failed(f"command 'systemctl start pve-container@{guest.vmid}' failed: exit code 1")
    task.wait(guest.start_seconds)
    if guest.fail_start:
        raise Failed(failed_container(guest))
    guest.set_power("running")


def reset(call: Call, guest: Guest, task: Task) -> None:
    """The process stays, and with it the uptime."""
    respect_lock(guest, "reset")
    task.wait(POWER_OFF_S)


def suspend(call: Call, guest: Guest, task: Task) -> None:
    respect_lock(guest, "suspend")
    guest.set_power("paused")


def resume(call: Call, guest: Guest, task: Task) -> None:
    """Of a machine that was suspended to disk it is a start."""
    if guest.lock == "suspended":
        start(call, guest, task)
    elif guest.power == "paused":
        respect_lock(guest, "resume")
        guest.set_power("running")


@dataclass(frozen=True)
class Action:
    """What its task does, and which parameters it takes of each kind of guest that knows it."""

    work: Callable[[Call, Guest, Task], None]
    tables: dict[str, parameters.Table]


def of_both(table: parameters.Table) -> dict[str, parameters.Table]:
    return {"qemu": table, "lxc": table}


ACTIONS = {
    "start": Action(start, parameters.START),
    "stop": Action(stop, parameters.STOP),
    "shutdown": Action(shutdown, of_both(parameters.SHUTDOWN)),
    "reboot": Action(reboot, of_both(parameters.REBOOT)),
    "reset": Action(reset, {"qemu": parameters.NOTHING}),
    "suspend": Action(suspend, of_both(parameters.NOTHING)),
    "resume": Action(resume, {"qemu": parameters.NOTHING}),
}


def come_up_again(call: Call, guest: Guest) -> None:
    """qmeventd sees the machine gone and starts it, in a task of root's that our token does not see."""
    begin(call, "qmstart", "start", lambda task: work(call, "start", task), ROOT)


def queue_for_ha(call: Call, action: str) -> str:
    """The manager's task ends at once; it acts some rounds later, as root, and in the error state never, nor where it does
    not run (no state). What it has as stopped needs no stop, it thinks, though a start may wait for the same round."""
    verb = "start" if action == "start" else "stop"
    own = Call(call.world, call.guest, call.kind, call.vmid, call.node, {})
    is_ignored = verb == "stop" and call.guest is not None and call.guest.ha_state == "stopped"

    def enqueue(task: Task) -> None:
        task.wait(HA_QUEUE_S)

    def act(task: Task) -> None:
        task.wait(HA_ROUND_S)
        manage(own, verb, task)

    upid = begin(call, f"ha{verb}", action, enqueue, call.world.user)
    if call.guest and call.guest.ha_state not in ("error", None) and not is_ignored:
        begin(call, f"{SYSTEM[call.kind][0]}{verb}", verb, act, ROOT)
    return upid


def manage(call: Call, verb: str, task: Task) -> None:
    """The manager's own word for a guest changes before its hand on the node acts, and once it has."""
    guest = found(call, verb)
    guest.ha_state = "started" if verb == "start" else "request_stop"
    if verb == "stop" or guest.power == "stopped":
        work(call, verb, task)
    guest.ha_state = "started" if verb == "start" else "stopped"
