"""The driver of Proxmox VE 8 and 9. vps.hypervisor.connect makes it; its face is base.Hypervisor, its words ours.

Facts of the API are from the sources of pve-manager, qemu-server 9.2 and pve-container 6.1.
"""

import re
from datetime import datetime
from typing import Any

from vps.hypervisor import pve_read, pve_refusals, upid
from vps.hypervisor.base import (
    Access,
    Command,
    FoundTask,
    Guest,
    GuestRef,
    Kind,
    Look,
    OutcomeUnknown,
    Refusal,
    Refused,
    Sample,
    TaskResult,
    Timeframe,
)
from vps.hypervisor.pve_transport import Transport

NODE = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?")

# (what is asked, of which kind): (action, parameters with the time limit put in, task types, HA's too)
# LXC has no reset: a reboot that gives the container one second is as hard, and is one task from stop to start, so that
# nothing can die between the two and leave it down.
COMMANDS: dict[tuple[Command, Kind], tuple[str, dict[str, Any], set[str]]] = {
    (Command.START, Kind.QEMU): ("start", {}, {"qmstart", "hastart"}),
    (Command.START, Kind.LXC): ("start", {}, {"vzstart", "hastart"}),
    (Command.STOP, Kind.QEMU): ("shutdown", {"timeout": None, "forceStop": 1}, {"qmshutdown", "hastop"}),
    (Command.STOP, Kind.LXC): ("shutdown", {"timeout": None, "forceStop": 1}, {"vzshutdown", "hastop"}),
    (Command.FORCE_STOP, Kind.QEMU): ("stop", {"overrule-shutdown": 1}, {"qmstop", "hastop"}),
    (Command.FORCE_STOP, Kind.LXC): ("stop", {"overrule-shutdown": 1}, {"vzstop", "hastop"}),
    (Command.RESTART, Kind.QEMU): ("reset", {}, {"qmreset"}),
    (Command.RESTART, Kind.LXC): ("reboot", {"timeout": 1}, {"vzreboot"}),
    (Command.REBOOT, Kind.QEMU): ("reboot", {"timeout": None}, {"qmreboot"}),
    (Command.REBOOT, Kind.LXC): ("reboot", {"timeout": None}, {"vzreboot"}),
}
MOST_TASKS = 500


class Proxmox:
    """One cluster, for one caller at a time. Making it costs nothing; each method is one call, or says otherwise."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.transport = Transport(access)

    def version(self) -> str:
        return pve_read.given(self.transport.get("version"), "version")

    def guests(self) -> list[Guest]:
        return pve_read.guests(self.transport.get("cluster/resources", type="vm"))

    def look(self, ref: GuestRef) -> Look:
        status = self.transport.get(f"{path_of(ref)}/status/current")
        return pve_read.look(status, ref.node, self.transport.node_time)

    def identity(self, ref: GuestRef) -> str:
        return pve_read.identity(self.transport.get(f"{path_of(ref)}/config"))

    def addresses(self, ref: GuestRef) -> list[str]:
        call = "agent/network-get-interfaces" if ref.kind == Kind.QEMU else "interfaces"
        return pve_read.addresses(self.transport.get(f"{path_of(ref)}/{call}"))

    def send(self, ref: GuestRef, command: Command, limit_s: int) -> str:
        """One POST. A highly available guest is the exception: it takes no overrule-shutdown, which it says by a 400
        that did nothing, and is then asked without."""
        action, params, _ = COMMANDS[command, ref.kind]
        given = {name: limit_s if value is None else value for name, value in params.items()}
        path = f"{path_of(ref)}/status/{action}"
        try:
            answer = self.transport.post(path, **given)
        except Refused as refused:
            if command != Command.FORCE_STOP or not refused.detail.startswith("400 "):
                raise
            answer = self.transport.post(path)
        return answered_task(answer).text

    def sent_since(self, ref: GuestRef, command: Command, since: datetime) -> list[FoundTask]:
        types = COMMANDS[command, ref.kind][2]
        listed = self.transport.get(
            f"nodes/{node_of(ref)}/tasks", source="all", vmid=ref.vmid, since=int(since.timestamp()), limit=MOST_TASKS
        )
        tasks = [answered_task(pve_read.given(row, "upid")) for row in pve_read.rows(listed)]
        ours = [task for task in tasks if task.type in types and task.user == self.access.token_id]
        return sorted((FoundTask(task.text, task.started_at) for task in ours), key=lambda task: task.started_at)

    def task(self, upid_text: str) -> TaskResult:
        try:
            node = upid.parse(upid_text).node
        except ValueError as error:
            raise Refused(Refusal.NO_TASK, str(error)) from error
        return pve_read.task_result(self.transport.get(f"nodes/{node}/tasks/{upid_text}/status"))

    def task_refusal(self, result: TaskResult) -> Refusal:
        return pve_refusals.of_text(result.exit_text)

    def history(self, ref: GuestRef, timeframe: Timeframe) -> list[Sample]:
        return pve_read.history(self.transport.get(f"{path_of(ref)}/rrddata", timeframe=str(timeframe)))


def node_of(ref: GuestRef) -> str:
    """It becomes part of a path, so it is checked. Raises Refused(OTHER)."""
    if not NODE.fullmatch(ref.node):
        raise Refused(Refusal.OTHER, f"not a node's name: {ref.node!r}")
    return ref.node


def path_of(ref: GuestRef) -> str:
    return f"nodes/{node_of(ref)}/{Kind(ref.kind)}/{int(ref.vmid)}"


def answered_task(answer: object) -> upid.Upid:
    try:
        return upid.parse(answer)
    except ValueError as error:
        raise OutcomeUnknown(str(error)) from error
