"""The driver of Proxmox VE 8 and 9. vps.hypervisor.connect makes it; its face is base.Hypervisor, its words ours.

Facts of the API are from the sources of pve-manager, qemu-server 9.2 and pve-container 6.1.
"""

import re
from datetime import datetime
from functools import cached_property
from typing import Any

from vps.guests import GuestRef, Kind, number_of
from vps.hypervisor.base import (
    NEVER,
    Access,
    Command,
    FoundTask,
    Guest,
    Hypervisor,
    Look,
    OutcomeUnknown,
    Phase,
    Refusal,
    Refused,
    Rights,
    Sample,
    TaskResult,
    Timeframe,
)
from vps.hypervisor.guard import Guard, Unguarded
from vps.hypervisor.proxmox import commands, read, refusals, rights, upid
from vps.hypervisor.proxmox.transport import Transport
from vps.marks import Marks

NODE = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?")

MOST_TASKS = 1000


class Proxmox:
    """One cluster, for one caller at a time. Making it costs nothing; each method is one call, or says otherwise."""

    traits = commands.TRAITS

    def __init__(self, access: Access, guard: Guard | None = None) -> None:
        self.access = access
        self.transport = Transport(access, guard or Unguarded())

    @property
    def caller(self) -> str:
        return self.access.user

    @property
    def slowest_s(self) -> float:
        return self.transport.slowest_s

    def close(self) -> None:
        """Its connections are kept for a moment, for whoever asks this cluster next (`kept`)."""

    def version(self) -> str:
        return self.transport.get_parsed("version", read.version)

    def certificates(self) -> tuple[str, ...]:
        return self.transport.get_parsed("nodes", read.nodes)

    def guests(self) -> list[Guest]:
        return self.transport.get_parsed("cluster/resources", read.guests)

    def rights(self) -> Rights:
        return rights.rights(self.transport.get("access/permissions"))

    def look(self, ref: GuestRef) -> Look:
        status = self.transport.get(f"{path_of(ref)}/status/current")
        return read.look(status, ref.node, ref.kind, self.transport.node_time)

    def identity(self, ref: GuestRef) -> Marks:
        return read.identity(self.transport.get(f"{path_of(ref)}/config"))

    def addresses(self, ref: GuestRef, known: str | None = None) -> list[str]:
        call = "agent/network-get-interfaces" if ref.kind == Kind.VM else "interfaces"
        return read.addresses(self.transport.get(f"{path_of(ref)}/{call}"), known)

    def glance(self, ref: GuestRef) -> Look:
        return self.look(ref)

    def listed(self, node: str, since: datetime) -> Hypervisor:
        return ListedProxmox(self, node, since)

    def recipe(self, kind: Kind, command: Command) -> tuple[Phase, ...]:
        return (commands.PHASES[command, kind],)

    def is_new_run(self, command: Command, look: Look, since_s: float) -> bool | None:
        return commands.is_new_run(command, look, since_s)

    def send(
        self, ref: GuestRef, command: Command, limit_s: int, *, is_managed: bool = False, leave_by: float = NEVER
    ) -> str:
        """One POST. What is highly available takes no overrule-shutdown."""
        action, params, _ = commands.CALLS[command, ref.kind]
        given = {name: limit_s if value is None else value for name, value in params.items()}
        if is_managed:
            given.pop("overrule-shutdown", None)
        answer = self.transport.post(f"{path_of(ref)}/status/{action}", leave_by, **given)
        return answered_task(answer).text

    def sent_since(self, ref: GuestRef, command: Command, since: datetime) -> list[FoundTask]:
        return [task for task in self.tasks(ref.node, since, ref.key) if command in task.commands]

    def looks(self, node: str, kind: Kind) -> dict[str, Look]:
        return self.transport.get_parsed(
            f"nodes/{node_name(node)}/{read.TYPES[kind]}",
            lambda listed: read.looks(listed, node, kind, self.transport.node_time),
        )

    def tasks(self, node: str, since: datetime, key: str = "") -> list[FoundTask]:
        of_guest = {"vmid": vmid_of(key)} if key else {}
        listed = self.transport.get(
            f"nodes/{node_name(node)}/tasks", source="all", since=int(since.timestamp()), limit=MOST_TASKS, **of_guest
        )
        found = [found_task(row) for row in read.rows(listed) if self.is_ours(row)]
        return sorted((task for task in found if task.commands), key=lambda task: task.started_at)

    def is_ours(self, row: Any) -> bool:
        return answered_task(read.given(row, "upid")).user == self.access.user

    def task(self, upid_text: str) -> TaskResult:
        return read.task_result(self.transport.get(f"{path_of_task(upid_text)}/status"))

    def abort(self, upid_text: str) -> None:
        self.transport.delete(path_of_task(upid_text))

    def task_refusal(self, result: TaskResult) -> Refusal:
        return refusals.of_text(result.exit_text)

    def history(self, ref: GuestRef, timeframe: Timeframe) -> list[Sample]:
        return read.history(self.transport.get(f"{path_of(ref)}/rrddata", timeframe=str(timeframe)))


class ListedProxmox(Proxmox):
    """One node's tasks and guests from its lists, each asked for when it is needed first, and kept."""

    def __init__(self, proxmox: Proxmox, node: str, since: datetime) -> None:
        self.access, self.transport = proxmox.access, proxmox.transport
        self.node, self.since = node, since
        self.lists: dict[Kind, dict[str, Look]] = {}

    @cached_property
    def tasks_listed(self) -> dict[str, FoundTask]:
        return {task.handle: task for task in self.tasks(self.node, self.since)}

    def glance(self, ref: GuestRef) -> Look:
        if ref.node != self.node:
            return self.look(ref)
        if ref.kind not in self.lists:
            self.lists[ref.kind] = self.looks(self.node, ref.kind)
        return self.lists[ref.kind].get(ref.key) or self.look(ref)

    def task(self, upid_text: str) -> TaskResult:
        listed = self.tasks_listed.get(upid_text)
        return listed.result if listed else super().task(upid_text)

    def sent_since(self, ref: GuestRef, command: Command, since: datetime) -> list[FoundTask]:
        if ref.node != self.node or since < self.since:
            return super().sent_since(ref, command, since)
        found = (task for task in self.tasks_listed.values() if task.key == ref.key and command in task.commands)
        return [task for task in found if task.started_at >= since.replace(microsecond=0)]


def node_name(node: str) -> str:
    """It becomes part of a path, so it is checked. Raises Refused(OTHER)."""
    if not NODE.fullmatch(node):
        raise Refused(Refusal.OTHER, f"not a node's name: {node!r}")
    return node


def path_of_task(text: str) -> str:
    """Raises Refused(NO_TASK) where it is no UPID."""
    try:
        return f"nodes/{upid.parse(text).node}/tasks/{text}"
    except ValueError as error:
        raise Refused(Refusal.NO_TASK, str(error)) from error


def path_of(ref: GuestRef) -> str:
    return f"nodes/{node_name(ref.node)}/{read.TYPES[ref.kind]}/{vmid_of(ref.key)}"


def vmid_of(key: str) -> int:
    """Proxmox VE's own name of a guest. Raises Refused(OTHER)."""
    vmid = number_of(key)
    if vmid is None:
        raise Refused(Refusal.OTHER, f"not a vmid: {key!r}")
    return vmid


def found_task(row: Any) -> FoundTask:
    task = answered_task(read.given(row, "upid"))
    return FoundTask(task.text, task.key, task.started_at, commands.of_task(task.type), read.listed_result(row))


def answered_task(answer: object) -> upid.Upid:
    try:
        return upid.parse(answer)
    except ValueError as error:
        raise OutcomeUnknown(str(error)) from error
