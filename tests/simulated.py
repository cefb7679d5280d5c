"""A simulated cluster over real HTTPS, for the tests: fixtures, and a handle to make guests and trouble with."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from launcher.certificate import certificate
from simulator import Simulator
from simulator.world import World
from vps.hypervisor.base import Access

TOKEN = "panel@pve!portal=11111111-2222-3333-4444-555555555555"
QUICK = {"start_seconds": 0.2, "shutdown_seconds": 0.3}
# A machine may have much else to do: so many times what a calm one takes is waited before something counts as broken.
PATIENCE = 10


class Cluster:
    """What a test says to the simulated cluster, over its control API."""

    def __init__(self, simulator: Simulator, pem: Path, fingerprint: str) -> None:
        self.simulator, self.pem, self.fingerprint = simulator, pem, fingerprint
        self.headers = {"Authorization": f"PVEAPIToken={TOKEN}"}

    def access(self, **changes: Any) -> Access:
        user, _, secret = TOKEN.partition("=")
        plain = {"hosts": (self.simulator.tls,), "user": user, "secret": secret}
        return Access(**plain | {"fingerprint": self.fingerprint} | changes)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.simulator.url}/simulator/{path}", json=body, headers=self.headers)
        answer.raise_for_status()
        return answer.json()

    def api(self, method: str, path: str, **params: Any) -> requests.Response:
        """A call as any program makes it, unlike ours without a driver."""
        where = {"data": params} if method == "POST" else {"params": params}
        return requests.request(method, f"{self.simulator.url}/api2/json{path}", headers=self.headers, **where)

    def add(self, kind: str = "qemu", vmid: int = 100, **facts: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.call("POST", "guests", described(kind, vmid) | facts)
        return made

    def add_many(self, vmids: Iterable[int], kind: str = "qemu", **facts: Any) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = self.call("POST", "guests", [described(kind, vmid) | facts for vmid in vmids])
        return made

    def change(self, vmid: int, **facts: Any) -> None:
        self.call("PATCH", f"guests/{vmid}", facts)

    def guest(self, vmid: int) -> dict[str, Any]:
        return next(guest for guest in self.call("GET", "guests") if guest["vmid"] == vmid)

    def commands(self, vmid: int) -> list[str]:
        """The verbs that were accepted of this guest, in order."""
        return [command["verb"] for command in self.call("GET", "commands") if command["vmid"] == vmid]

    def hang(self, node: str, seconds: float) -> None:
        """What names this node times out after so long; 0 ends that, for calls that wait too."""
        self.call("PATCH", f"nodes/{node}", {"hang_seconds": seconds})

    def make_late(self, seconds: float, commands: int = 1) -> None:
        """The next so many commands act so much later."""
        self.call("PATCH", "faults", {"late_seconds": seconds, "late_commands": commands})

    def ail(self, host: str, **trouble: bool) -> None:
        """One of `simulator.tls_hosts` becomes `silent`, or begins to `refuse`; or ceases to."""
        self.call("PATCH", f"hosts/{host.rpartition(':')[2]}", trouble)

    def set_clock(self, host: str, seconds: float) -> None:
        """The `Date` of one of `simulator.tls_hosts` is so far ahead, or behind where it is less than 0."""
        self.call("PATCH", f"hosts/{host.rpartition(':')[2]}", {"clock_seconds": seconds})

    def answer(self, method: str, pattern: str, status: int, reason: str = "", **how: Any) -> None:
        """Calls on such a path (`/nodes/…`, as a whole) are told this; see `simulator.answers.Answer` for `how`."""
        self.call("POST", "answers", {"method": method, "pattern": pattern, "status": status, "reason": reason} | how)

    def answer_truly(self) -> None:
        """No call is told anything else any more."""
        self.call("DELETE", "answers")

    def grant(self, privileges: list[str] | dict[str, list[str]]) -> None:
        """What the token may do from now on: on all guests, or by path."""
        self.call("PATCH", "token", {"privileges": privileges})

    def load(self) -> dict[str, Any]:
        """How many calls there were since `forget_load`, by their path, how many at once, and how many handshakes of TLS."""
        counted: dict[str, Any] = self.call("GET", "load")
        return counted

    def forget_load(self) -> None:
        self.call("DELETE", "load")


def described(kind: str, vmid: int) -> dict[str, Any]:
    """A guest that is quick, and like no other."""
    mac = f"BC:24:11:00:{vmid // 256 % 256:02X}:{vmid % 256:02X}"
    identity = {"uuid": f"aaaaaaaa-0000-0000-0000-{vmid:012d}", "mac": mac}
    return {"kind": kind, "vmid": vmid, "name": f"guest-{vmid}"} | identity | QUICK


@contextmanager
def serving(folder: Path, **options: Any) -> Iterator[Cluster]:
    pem, key, fingerprint = certificate(folder)
    world = World(folder / "state.json", TOKEN, list_lag_seconds=0.0)
    simulator = Simulator(world, certificate=(pem, key), log=folder / "calls.jsonl", **options)
    simulator.start()
    try:
        yield Cluster(simulator, pem, fingerprint)
    finally:
        simulator.stop()


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Cluster]:
    with serving(tmp_path) as cluster:
        yield cluster


@pytest.fixture
def with_two_hosts(tmp_path: Path) -> Iterator[Cluster]:
    with serving(tmp_path, more_tls_ports=(0,)) as cluster:
        yield cluster


def wait_for(
    is_true: Callable[[], Any], seconds: float = 10, what: str = "it", details: Callable[[], str] = lambda: ""
) -> Any:
    """What `is_true` gives once it is true. `seconds` is what that takes at most where nothing else is done.

    What never comes true fails after PATIENCE times as long, with `what`, what was seen last, and what `details` gives.
    """
    began = time.monotonic()
    while not (found := is_true()):
        waited = time.monotonic() - began
        if waited > seconds * PATIENCE:
            load = f"(load {os.getloadavg()[0]:.0f} on {os.cpu_count()} processors)"
            pytest.fail(f"{what} did not come true within {waited:.0f} s {load}; seen last: {found!r}\n{details()}")
        time.sleep(0.05)
    return found
