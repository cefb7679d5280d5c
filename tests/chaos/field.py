"""A field to break things on: quick guests, Alice's servers, and operations whose commands can be counted."""

import itertools
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests

from launcher.children import wait_until
from tests.chaos.trouble import Trouble
from tests.stack.conftest import Panel

CLUSTER = "demo"
QUICK = {"start_seconds": 0.3, "shutdown_seconds": 0.5}
# No operation has longer than 300 s.
LONGEST_S = 330
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


class Field(Trouble):
    """One running panel. Each operation has a guest of its own, so that its commands are told apart."""

    vmids = itertools.count(2000)

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self.log_in()
        self.alice = panel.user("alice")["id"]

    def log_in(self) -> None:
        """Before each scene: a token is good for a quarter of an hour."""
        self.token = self.panel.token("alice")

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
        own = {"kind": kind, "vmid": vmid, "name": f"guest-{vmid}", "node": f"pve{vmid % 2 + 1}"}
        began = time.time() - 3600 if power == "running" else 0.0
        return own | {"power": power, "started_at": began, "uuid": str(uuid.uuid4()), "mac": mac} | QUICK

    def push(self, guest: dict[str, Any], cluster: str = CLUSTER) -> int:
        where = {name: guest[name] for name in ("kind", "vmid", "node")} | {"cluster": cluster}
        size = {"cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}
        order = {"user_id": self.alice, "name": guest["name"], "status": guest["power"], "placement": where}
        made: int = self.panel.sync("create", **order, **size).json()["vps"]["id"]
        return made

    def click(self, vps: int, vmid: int, kind: str) -> Asked:
        """What is not accepted has ended, with the code of its refusal."""
        began = time.monotonic()
        answer = requests.post(f"{self.panel.url}/api/vps/{vps}/{kind}", headers=self.token, timeout=LONGEST_S)
        asked, body = Asked(0, vmid, began, time.monotonic() - began), answer.json()
        if answer.status_code == 202:
            asked.id = body["operation"]["id"]
        else:
            asked.state, asked.code, asked.seconds = "refused", body.get("code", ""), asked.click_s
        return asked

    def wait(self, asked: list[Asked]) -> list[Asked]:
        """Until all have ended, or the deadline of the longest is over: those are left without a state."""
        wait_until(lambda: len(asked) == sum(self.has_ended(one) for one in asked), LONGEST_S, 0.2)
        for one in asked:
            one.commands = len(self.panel.commands(one.vmid))
        return asked

    def has_ended(self, one: Asked) -> bool:
        """A panel that is just restarted with its database is asked again."""
        if one.state:
            return True
        with suppress(requests.RequestException, KeyError, ValueError):
            address = f"{self.panel.url}/api/operations/{one.id}"
            operation = requests.get(address, headers=self.token, timeout=30).json()["operation"]
            if operation["finished_at"]:
                one.state, one.seconds = operation["state"], time.monotonic() - one.began
                one.code = (operation["error"] or {}).get("code", "")
        return bool(one.state)


Scene = Callable[[Field, int], list[Asked]]
