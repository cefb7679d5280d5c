"""Proxmox VE's answers in our shapes: pure functions for the driver beside it.

Numbers may come as text. An absent value is None here, and never 0: whoever shows it says that it is not known. An
answer of another shape raises OutcomeUnknown, which quotes nothing of it: who gives it need not be Proxmox VE.
"""

import ipaddress
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import datetime
from typing import Any

from vps.guests import GuestRef, Kind
from vps.hypervisor import address_choice
from vps.hypervisor.base import (
    NO_USAGE,
    Guest,
    Look,
    OutcomeUnknown,
    Power,
    Sample,
    TaskResult,
    Usage,
)
from vps.hypervisor.proxmox import commands
from vps.marks import Marks, mark

# QEMU's run states (qapi/run-state.json, QEMU 10.1) in which the guest's processors run or soon will, and those in which
# they are halted. A word that is in neither is not guessed at.
RUNNING = {"running", "prelaunch", "inmigrate", "restore-vm", "finish-migrate", "postmigrate"}
PAUSED = {"paused", "suspended", "save-vm", "io-error", "internal-error", "watchdog", "guest-panicked", "debug", "colo"}
# our kind: theirs, in paths and lists
TYPES = {Kind.VM: "qemu", Kind.CONTAINER: "lxc"}
KINDS = {theirs: ours for ours, theirs in TYPES.items()}
MOST_POINTS = 400
# No number of Proxmox VE's is, and what is is looked at as whatever else makes no sense.
TOO_LARGE = 2**63
VERSION = re.compile(r"[0-9]{1,3}(\.[0-9]{1,4}){0,3}([~+-][A-Za-z0-9.~+-]{1,20})?")
UUID = re.compile(r"uuid=([0-9a-fA-F-]{36})")
CARD = re.compile(r"net\d+")
MAC = re.compile(r"(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}")

SAMPLE = {
    "cpu": "cpu",
    "ram_used": "mem",
    "ram_total": "maxmem",
    "disk_read": "diskread",
    "disk_written": "diskwrite",
    "net_in": "netin",
    "net_out": "netout",
}


def fields(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise OutcomeUnknown(f"not an object, but a {type(answer).__name__}")
    return answer


def rows(answer: Any) -> list[Any]:
    if not isinstance(answer, list):
        raise OutcomeUnknown(f"not a list, but a {type(answer).__name__}")
    return answer


def given(answer: Any, name: str) -> str:
    """What an answer of this kind always has."""
    value = fields(answer).get(name)
    if value is None:
        raise OutcomeUnknown(f"without {name}")
    return str(value)


def number_or_none(value: Any) -> float | None:
    """A number, or None where there is none."""
    return None if value is None or value == "" else number(value)


def whole(value: Any) -> int | None:
    """What is one already, as nearly all are, is not asked further: a list has a hundred thousand of them."""
    if type(value) is int and abs(value) < TOO_LARGE:
        return value
    found = number_or_none(value)
    return None if found is None else int(found)


def flag(value: Any) -> bool:
    """1, or absent or 0 where it is not set."""
    return bool(number_or_none(value))


def version(answer: Any) -> str:
    text = given(answer, "version")
    if not VERSION.fullmatch(text):
        raise OutcomeUnknown("not a version of Proxmox VE")
    return text


def number(value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise OutcomeUnknown(f"not a number: a {type(value).__name__}") from error
    if not math.isfinite(found):
        raise OutcomeUnknown(f"not a number: a {type(value).__name__}")
    return found


def power(status: str) -> Power:
    """Of a status in cluster/resources or a qmpstatus: running, stopped, unknown, or one of QMP's."""
    if status in ("stopped", "shutdown"):
        return Power.STOPPED
    if status in RUNNING:
        return Power.RUNNING
    return Power.PAUSED if status in PAUSED else Power.UNKNOWN


def power_under(lock: str, status: str) -> Power:
    """A machine that was down is backed up by a process whose processors wait until somebody starts it."""
    return Power.PAUSED if (lock, status) == ("backup", "prelaunch") else power(status)


def guests(answer: Any) -> list[Guest]:
    """Of a list of all resources: a node that is not online takes up to 5 minutes to show by its guests' own status.

    What is listed of these until then was measured before, and is not what they use now.
    """
    listed = [fields(row) for row in rows(answer)]
    lost = {row.get("node") for row in listed if row.get("type") == "node" and row.get("status") != "online"}
    found = (guest(row) for row in listed if row.get("type") in KINDS)
    return [
        one._replace(power=Power.UNKNOWN, usage=NO_USAGE, is_lost=True) if one.ref.node in lost else one
        for one in found
    ]


def guest(row: dict[str, Any]) -> Guest:
    """In the order of the fields: to name each takes longer than to read it, of ten thousand guests."""
    field = row.get
    lock = str(field("lock", ""))
    return Guest(
        GuestRef(KINDS[row["type"]], key_of(row), given(row, "node")),
        str(field("name", "")),
        power_under(lock, str(field("status", "unknown"))),
        lock,
        flag(field("template")),
        whole(field("maxcpu")) or None,
        usage(field),
    )


def usage(field: Callable[[str], Any]) -> Usage:
    """`mem` is what it uses, `maxmem` what it has."""
    return Usage(
        number_or_none(field("cpu")),
        whole(field("mem")),
        whole(field("maxmem")),
        whole(field("disk")),
        whole(field("maxdisk")),
        whole(field("diskread")),
        whole(field("diskwrite")),
        whole(field("netin")),
        whole(field("netout")),
        whole(field("uptime")),
    )


def key_of(row: Any) -> str:
    """The guest's vmid, which names it in its cluster."""
    vmid = whole(fields(row).get("vmid"))
    return str(int(number(given(row, "vmid"))) if vmid is None else vmid)


def looks(answer: Any, node: str, kind: Kind, at: datetime) -> dict[str, Look]:
    """Of a node's list of its guests of one kind, by key: the same but for what it leaves out. It does not tell a paused
    machine from one that runs; who manages a guest it never says, which those who have asked a manager know."""
    is_rough = kind == Kind.VM
    found = {key_of(row): look(row, node, kind, at) for row in rows(answer)}
    return {key: replace(one, is_rough=is_rough) for key, one in found.items()}


def look(answer: Any, node: str, kind: Kind, at: datetime) -> Look:
    status = fields(answer)
    ha = fields(status.get("ha", {}))
    is_managed, ha_state = flag(ha.get("managed")), str(ha.get("state") or "")
    lock = str(status.get("lock", ""))
    power = power_under(lock, str(status.get("qmpstatus") or given(status, "status")))
    return Look(
        node=node,
        kind=kind,
        power=power,
        at=at,
        uptime_s=whole(status.get("uptime")),
        waits=f"lock: {lock}" if lock else "",
        waits_for=commands.held_up(kind, power, lock),
        never=commands.never(kind, power, lock, ha_state, is_template=flag(status.get("template"))),
        is_managed=is_managed,
        held_to=commands.held_to(ha_state) if is_managed else None,
        stays_down=commands.stays_down(ha_state) if is_managed else True,
    )


def identity(answer: Any) -> Marks:
    """`smbios1: uuid=…`, the MACs of all network cards (`net0: virtio=AA:…`, `…,hwaddr=AA:…`) and `rootfs: store:volume`."""
    config = fields(answer)
    found = [mark("uuid", uuid[1]) for uuid in [UUID.search(str(config.get("smbios1", "")))] if uuid]
    cards = sorted((key for key in config if CARD.fullmatch(key)), key=lambda key: int(key[3:]))
    found += [mark("mac", mac[0]) for mac in (MAC.search(str(config[key])) for key in cards) if mac]
    volume = str(config.get("rootfs", "")).partition(",")[0]
    return (*found, *([mark("volume", volume)] if volume else []))


def addresses(answer: Any, known: str | None = None) -> list[str]:
    """Of the guest agent ({result: […]}) or a container ([…], null while it is stopped), the best first (`best_first`).

    Containers tell of `ip-addresses` since pve-container of April 2025 alone, and of `inet` and `inet6` always.
    """
    interfaces = answer.get("result") if isinstance(answer, dict) else answer
    return address_choice.best_first(listed_addresses(rows(interfaces or [])), known)


def listed_addresses(interfaces: list[Any]) -> Iterator[address_choice.ListedAddress]:
    for interface in interfaces:
        known = fields(interface)
        hardware = str(known.get("hardware-address") or known.get("hwaddr") or "")
        older = [{"ip-address": known.get(name)} for name in ("inet", "inet6")]
        for entry in rows(known.get("ip-addresses") or older):
            if text := fields(entry).get("ip-address"):
                yield str(known.get("name", "")), hardware, address_of(str(text))


def address_of(text: str) -> address_choice.Address:
    """The agent runs inside the guest, whose owner may let it say anything."""
    try:
        return ipaddress.ip_address(text.split("/")[0].split("%")[0])
    except ValueError as error:
        raise OutcomeUnknown(f"not an address: {text!r:.100}") from error


def task_result(answer: Any) -> TaskResult:
    status = fields(answer)
    if given(status, "status") != "stopped":
        return TaskResult(is_finished=False)
    return ended(str(status.get("exitstatus", "")))


def listed_result(row: Any) -> TaskResult:
    """In a node's list, `status` is the exit status, and RUNNING or absent before there is one."""
    text = str(fields(row).get("status", "RUNNING"))
    return TaskResult(is_finished=False) if text == "RUNNING" else ended(text)


def ended(exit_text: str) -> TaskResult:
    """`WARNINGS: n` is a success."""
    return TaskResult(True, exit_text == "OK" or exit_text.startswith("WARNINGS"), exit_text)


def history(answer: Any) -> list[Sample]:
    """Steps differ between PVE 8 and 9, and after an upgrade within one answer: only `time` is to be trusted."""
    points = sorted((sample(fields(row)) for row in rows(answer)), key=lambda point: point.time)
    size = -(-len(points) // MOST_POINTS) or 1
    return [mean(points[start : start + size]) for start in range(0, len(points), size)]


def sample(row: dict[str, Any]) -> Sample:
    return Sample(
        time=int(number(given(row, "time"))),
        **{ours: number_or_none(row.get(theirs)) for ours, theirs in SAMPLE.items()},
    )


def mean(points: list[Sample]) -> Sample:
    names = [field.name for field in dataclass_fields(Sample) if field.name != "time"]
    return Sample(points[0].time, **{name: average(getattr(point, name) for point in points) for name in names})


def average(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def nodes(answer: Any) -> tuple[str, ...]:
    """`node fingerprint` of each, as any of them tells of all: the same of every host of one cluster, and of no other."""
    known = [fields(row) for row in rows(answer)]
    return tuple(
        sorted(f"{row.get('node')} {row['ssl_fingerprint']}".upper() for row in known if row.get("ssl_fingerprint"))
    )
