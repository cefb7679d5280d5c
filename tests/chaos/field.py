"""A field to break things on: quick guests, Alice's servers, and operations whose commands can be counted."""

import itertools
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
import requests
from celery import Celery

from launcher.children import ROOT, wait_until
from tests.simulated import wait_for
from tests.stack.conftest import Panel

CLUSTER = "demo"
QUICK = {"start_seconds": 0.3, "shutdown_seconds": 0.5}
WORKER = "celery -A ospab_panel worker"
# What is asked, of which kind of guest, which was so before, by which verb of the hypervisor.
ASKED = (
    ("reboot", "qemu", "running", "reboot"),
    ("restart", "qemu", "running", "reset"),
    ("reboot", "lxc", "running", "reboot"),
    ("stop", "qemu", "running", "shutdown"),
    ("start", "lxc", "stopped", "start"),
)


@dataclass
class Asked:
    """An operation that was accepted. `seconds` is from the click to its end."""

    id: int
    vmid: int
    began: float
    click_s: float
    seconds: float = 0.0
    state: str = ""
    code: str = ""
    commands: int = 0


class Field:
    """One running panel. Each operation has a guest of its own, so that its commands are told apart."""

    vmids = itertools.count(2000)

    def __init__(self, panel: Panel) -> None:
        self.panel, self.run = panel, panel.run
        self.crashes = self.run.crashes
        self.token = panel.token("alice")
        self.alice = panel.user("alice")["id"]

    # Operations

    def ask(self, count: int, *, only: int | None = None) -> list[Asked]:
        """So many operations of all kinds, or of one, accepted one right after the other."""
        chosen = [ASKED[only if only is not None else at % len(ASKED)] for at in range(count)]
        servers = self.make(chosen)
        return [self.click(*server, kind) for server, (kind, *_) in zip(servers, chosen, strict=True)]

    def make(self, chosen: list[tuple[str, str, str, str]]) -> list[tuple[int, int]]:
        """(VPS, vmid) of new servers, each bound to a new guest."""
        guests = [self.guest(kind, power) for _, kind, power, _ in chosen]
        self.panel.simulator("POST", "/simulator/guests", guests)
        return [(self.push(guest), guest["vmid"]) for guest in guests]

    def guest(self, kind: str, power: str) -> dict[str, Any]:
        vmid = next(self.vmids)
        mac = f"BC:24:12:00:{vmid // 256:02X}:{vmid % 256:02X}"
        place = {"kind": kind, "vmid": vmid, "name": f"guest-{vmid}", "node": f"pve{vmid % 2 + 1}"}
        began = time.time() - 3600 if power == "running" else 0.0
        return place | {"power": power, "started_at": began, "uuid": str(uuid.uuid4()), "mac": mac} | QUICK

    def push(self, guest: dict[str, Any]) -> int:
        where = {name: guest[name] for name in ("kind", "vmid", "node")} | {"cluster": CLUSTER}
        size = {"cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
        order = {"user_id": self.alice, "name": guest["name"], "status": guest["power"], "placement": where}
        made: int = self.panel.sync("create", **order, **size).json()["vps"]["id"]
        return made

    def click(self, vps: int, vmid: int, kind: str) -> Asked:
        began = time.monotonic()
        answer = requests.post(f"{self.panel.url}/api/vps/{vps}/{kind}", headers=self.token, timeout=30)
        assert answer.status_code == 202, answer.text
        return Asked(answer.json()["operation"]["id"], vmid, began, time.monotonic() - began)

    def wait(self, asked: list[Asked], seconds: float) -> list[Asked]:
        """Until all have ended, or the time is over: those are left without a state."""
        wait_until(lambda: len(asked) == sum(self.has_ended(one) for one in asked), seconds, 0.2)
        for one in asked:
            one.commands = len(self.panel.commands(one.vmid))
        return asked

    def has_ended(self, one: Asked) -> bool:
        """A panel that is just restarted with its database is asked again."""
        if one.state:
            return True
        with suppress(requests.RequestException, KeyError, ValueError):
            address = f"{self.panel.url}/api/operations/{one.id}"
            operation = requests.get(address, headers=self.token, timeout=10).json()["operation"]
            if operation["finished_at"]:
                one.state, one.seconds = operation["state"], time.monotonic() - one.began
                one.code = (operation["error"] or {}).get("code", "")
        return bool(one.state)

    # Trouble

    def arm(self, point: str, order: str, times: int = 1) -> None:
        """Whoever reaches this point of an operation's way obeys, so often."""
        for _ in range(times):
            fresh = self.crashes / f"new-{uuid.uuid4()}"
            fresh.write_text(order)
            fresh.rename(self.crashes / f"{point}.{uuid.uuid4()}")

    def disarm(self) -> int:
        """Returns how many shots were not fired."""
        left = list(self.crashes.glob("*.*"))
        for shot in left:
            shot.unlink(missing_ok=True)
        return len(left)

    def send_signal(self, word: str, number: signal.Signals) -> None:
        """To every process of the panel whose command line has this in it."""
        for pid in self.run.pids(word):
            self.kill(pid, number)

    def server(self, name: str) -> int:
        """PostgreSQL or Valkey, which may be just coming back from the fault before."""
        pid: int = wait_for(lambda: self.run.server(name), 30, name)
        return pid

    def kill(self, pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    def stopped(self) -> list[int]:
        """The processes that a shot has stopped."""
        return [pid for pid in self.run.children if state_of(pid) == "T"]

    def go_on(self) -> None:
        for pid in self.stopped():
            os.kill(pid, signal.SIGCONT)

    @contextmanager
    def unattended(self) -> Iterator[None]:
        """The launcher, which starts again whatever dies, looks away."""
        os.kill(self.run.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.run.process.pid, signal.SIGCONT)

    @contextmanager
    def another(self, *command: str) -> Iterator[None]:
        """One more process of the panel."""
        child = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.run.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            child.terminate()
            child.wait(20)

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.run.environment["REDIS_URL"])

    def ring(self, times: int) -> None:
        """Every bell that can be rung, so often."""
        broker = self.run.environment["REDIS_URL"].replace("unix://", "redis+socket://")
        with Celery(broker=broker) as app:
            for _ in range(times):
                app.send_task("vps.work", args=[1])
                for node in ("pve1", "pve2"):
                    app.send_task("vps.watch", args=[1, node])


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


Scene = Callable[[Field, int], list[Asked]]
