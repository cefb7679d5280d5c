"""The simulated cluster: its nodes, guests, tasks and faults, and the file they live in. For the modules beside it."""

import hashlib
import json
import os
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator import guests
from simulator.answers import Answer, Answers
from simulator.calls import Calls
from simulator.guests import Guest
from simulator.tasks import Tasks

ALL_THAT_THE_PANEL_NEEDS = ("VM.Audit", "VM.PowerMgmt", "VM.GuestAgent.Audit")


@dataclass
class Faults:
    """What ails the server as a whole.

    `lose_answers`: so many commands act, and the connection is cut before the answer. `late_commands`: so many commands
    are taken, and act `late_seconds` later, whether or not whoever sent them still waits.
    """

    delay_seconds: float = 0.0
    lose_answers: int = 0
    late_seconds: float = 0.0
    late_commands: int = 0
    deny: bool = False
    drop: bool = False


@dataclass
class Host:
    """What ails one TLS port: it accepts connections and says nothing, or closes them at once; or its clock is off.

    `clock_seconds` is how far its `Date` is ahead, or behind where it is less than 0.
    """

    silent: bool = False
    refuse: bool = False
    clock_seconds: float = 0


@dataclass
class World:
    """`token` is `user@realm!token=secret`. `list_lag_seconds`: how old the list of the cluster's guests may be.

    `hangs` are the seconds after which calls to a node time out; they end with the process, as `faults` do, and
    `answers`. `privileges` are what the token has, by path.
    """

    path: Path
    token: str
    nodes: dict[str, bool] = field(default_factory=lambda: {"pve1": True, "pve2": True})
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    guests: dict[int, Guest] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    list_lag_seconds: float = 2.0
    hangs: dict[str, float] = field(default_factory=dict)
    privileges: dict[str, list[str]] = field(default_factory=lambda: {"/vms": list(ALL_THAT_THE_PANEL_NEEDS)})

    def __post_init__(self) -> None:
        self.tasks = Tasks()
        self.calls = Calls()
        self.answers = Answers()
        self.hosts: dict[int, Host] = {}
        self.is_stopped = False
        self.changed = threading.Condition()
        self.lock = threading.RLock()
        self.commands: list[dict[str, Any]] = []
        self.listed: tuple[float, dict[int, tuple[str, int]]] = (0.0, {})

    def fingerprint(self, node: str) -> str:
        """Of this node's certificate, as all nodes of this cluster tell of it, and none of another."""
        return hashlib.sha256(f"{self.id}/{node}".encode()).digest().hex(":").upper()

    @property
    def user(self) -> str:
        return self.token.partition("=")[0]

    def find(self, kind: str, vmid: int, node: str) -> Guest | None:
        guest = self.guests.get(vmid)
        return guest if guest and (guest.kind, guest.node) == (kind, node) else None

    def command(self, guest: Guest | None, vmid: int, verb: str, upid: str) -> None:
        """Remember every power command that was accepted, for whoever counts them."""
        name = guest.name if guest else ""
        self.commands.append({"time": time.time(), "vmid": vmid, "name": name, "verb": verb, "upid": upid})

    def counts_down(self, fault: str) -> bool:
        """Whether this command is one of the next so many that a fault counts."""
        with self.lock:
            left = getattr(self.faults, fault)
            setattr(self.faults, fault, max(0, left - 1))
            return bool(left > 0)

    def canned_answer(self, method: str, path: str, port: int) -> Answer | None:
        """What this call is to be answered, where somebody said so."""
        with self.lock:
            return self.answers.next_for(method, path, port)

    def wake(self) -> None:
        """Let those who wait see what has changed."""
        with self.changed:
            self.changed.notify_all()

    def pause(self, seconds: float | None, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Wait so long, or until it is over. False where the server was stopped meanwhile."""
        with self.changed:
            self.changed.wait_for(lambda: self.is_stopped or is_over(), seconds)
            return not self.is_stopped

    def seen(self) -> dict[int, tuple[str, int]]:
        """(power, uptime) as the list has them: a copy that is made anew every few seconds, as pvestatd does."""
        with self.lock:
            made_at, seen = self.listed
            if time.monotonic() - made_at >= self.list_lag_seconds:
                seen = {guest.vmid: (guest.power, guest.uptime) for guest in list(self.guests.values())}
                self.listed = (time.monotonic(), seen)
            return seen

    def save(self) -> None:
        """Atomically: a reader, or a kill in the middle, finds the whole of the old or of the new."""
        with self.lock:
            fresh = self.path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(self.text())
            os.replace(fresh, self.path)

    def text(self) -> str:
        """The state as JSON, a guest a line: that is quickly written, and can be read."""
        state = {"token": self.token, "id": self.id, "nodes": self.nodes, "list_lag_seconds": self.list_lag_seconds}
        listed = ",\n".join(json.dumps(guest.public()) for guest in list(self.guests.values()))
        return f'{json.dumps(state)[:-1]}, "guests": [\n{listed}\n]}}\n'


def load(path: Path) -> World:
    """Raises ValueError or OSError where the file is not a state that was saved."""
    state = json.loads(path.read_text())
    kept = {name: state[name] for name in ("id", "list_lag_seconds") if name in state}
    world = World(path, state["token"], state["nodes"], **kept)
    world.guests = {given["vmid"]: guests.made(given) for given in state["guests"]}
    return world
