"""A guest as the simulated cluster keeps it, its misbehaviour included. For the modules of the simulator."""

import threading
import time
from dataclasses import dataclass, field, fields
from typing import Any

MB, GB = 1024**2, 1024**3
LOCKS = (
    *("", "backup", "clone", "create", "destroyed", "disk", "fstrim", "migrate", "mounted", "rollback", "snapshot"),
    *("snapshot-delete", "suspended", "suspending"),
)


@dataclass
class Guest:
    """`power` is running, stopped or paused. Seconds say how long the guest's own system takes.

    `unreported`: the cluster's list says `unknown` of it, whether or not its node is up. `ends`: to an action the text that
    its task ends with, having done nothing; of `ends_after`, having done all.
    """

    kind: str
    vmid: int
    name: str
    node: str = "pve1"
    cores: int = 1
    memory_mb: int = 1024
    disk_gb: int = 10
    uuid: str = ""
    mac: str = ""
    more_macs: list[str] = field(default_factory=list)
    volume: str = ""
    agent: bool = False
    ips: list[str] = field(default_factory=list)
    # Interfaces that its owner has made in it, with their addresses: {"docker0": ["172.17.0.1"]}.
    bridges: dict[str, list[str]] = field(default_factory=dict)
    template: bool = False
    ha: bool = False
    ha_state: str | None = "started"
    power: str = "stopped"
    started_at: float = 0.0
    has_history: bool = True
    # How it misbehaves
    lock: str = ""
    ignores_acpi: bool = False
    start_seconds: float = 2.0
    shutdown_seconds: float = 3.0
    fail_start: bool = False
    never_ends: bool = False
    silent_agent: bool = False
    unreported: bool = False
    ends: dict[str, str] = field(default_factory=dict)
    ends_after: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.config_lock = threading.Lock()

    @property
    def uptime(self) -> int:
        return int(time.time() - self.started_at) if self.power != "stopped" else 0

    def set_power(self, power: str) -> None:
        """A new start is a new uptime; a pause is not."""
        if power != "stopped" and self.power == "stopped":
            self.started_at = time.time()
        self.power = power

    def public(self) -> dict[str, Any]:
        """What JSON says of it. Not a deep copy: there may be ten thousand of them."""
        return {name: getattr(self, name) for name in KNOWN}


KNOWN = {entry.name: entry.type for entry in fields(Guest)}


def made(given: Any) -> Guest:
    """A guest from JSON. Raises ValueError, which says what is wrong."""
    check(given)
    try:
        return Guest(**given)
    except TypeError as error:
        raise ValueError(str(error)) from error


def change(guest: Guest, given: Any) -> None:
    check(given)
    for name, value in given.items():
        if name == "power":
            guest.set_power(value)
        else:
            setattr(guest, name, value)


def check(given: Any) -> None:
    if not isinstance(given, dict):
        raise ValueError("a guest is an object")
    if unknown := set(given) - set(KNOWN):
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    if given.get("power", "stopped") not in ("running", "stopped", "paused"):
        raise ValueError("power is running, stopped or paused")
    if given.get("kind", "qemu") not in ("qemu", "lxc"):
        raise ValueError("kind is qemu or lxc")
    if given.get("lock", "") not in LOCKS:
        raise ValueError(f"lock is one of {', '.join(LOCKS[1:])}, or empty")
    if not all(isinstance(given.get(name, {}), dict) for name in ("ends", "ends_after")):
        raise ValueError("ends are an object: to an action its task's end")
