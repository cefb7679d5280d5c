"""Several simulated clusters of one running panel, each a process of its own. For `operations`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests

from launcher.certificate import certificate
from launcher.children import ROOT, Child, wait_until
from launcher.programs import python
from launcher.secrets_file import free_port
from simulator.world import World
from tests.chaos.field import QUICK, Field
from tests.stack.conftest import open_folder

REGISTER = "import json; from vps.models import Cluster; Cluster.objects.create(**json.loads(ROW))"
Server = tuple[int, int]


class Cluster:
    """One simulated cluster, as whoever measures tells it what to do."""

    def __init__(self, name: str, url: str, token: str) -> None:
        self.name, self.url = name, url
        self.headers = {"Authorization": f"PVEAPIToken={token}"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/simulator/{path}", json=body, headers=self.headers, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def delay(self, seconds: float) -> None:
        """So long takes each call of the API."""
        self.call("PATCH", "faults", {"delay_seconds": seconds})

    def make(self, field: Field, count: int) -> list[Server]:
        """(VPS, vmid) of new servers of Alice's, each bound to a stopped guest that is quick to start."""
        guests = [field.guest("lxc", "stopped") | QUICK for _ in range(count)]
        self.call("POST", "guests", guests)
        return [(field.push(guest, self.name), guest["vmid"]) for guest in guests]


@contextmanager
def clusters(field: Field, count: int) -> Iterator[list[Cluster]]:
    """The demo's own, and others beside it."""
    demo = field.panel.demo["simulator"]
    with open_folder() as folder, ExitStack() as others:
        beside = [others.enter_context(another(field, folder / f"beside-{at}")) for at in range(1, count)]
        yield [Cluster("demo", demo["url"], demo["token"]), *beside]


@contextmanager
def another(field: Field, folder: Path) -> Iterator[Cluster]:
    folder.mkdir()
    pem, key, fingerprint = certificate(folder)
    port, tls_port = free_port(), free_port()
    token = f"panel@pve!portal={folder.name}"
    world = World(folder / "state.json", token, list_lag_seconds=0.0)
    world.save()
    listen = ["--port", str(port), "--tls-port", str(tls_port), "--cert", str(pem), "--key", str(key)]
    command = python("-m", "simulator", "--state", str(world.path), *listen)
    child = Child("simulator", command, folder / "simulator.log", dict(os.environ), cwd=ROOT)
    child.start()
    try:
        made = Cluster(folder.name, f"http://127.0.0.1:{port}", token)
        if not wait_until(lambda: is_up(made), 60):
            raise SystemExit(f"The simulator did not start:\n{child.last_lines()}")
        register(field, made.name, f"127.0.0.1:{tls_port}", fingerprint, token)
        yield made
    finally:
        child.stop()


def is_up(cluster: Cluster) -> bool:
    try:
        return bool(cluster.call("GET", "load"))
    except requests.RequestException:
        return False


def register(field: Field, name: str, host: str, fingerprint: str, token: str) -> None:
    """As staff do in the admin: by a process of the panel, which can encrypt the secret."""
    user, _, secret = token.partition("=")
    row = {"name": name, "hosts": [host], "fingerprint": fingerprint, "token_id": user, "token_secret": secret}
    script = REGISTER.replace("ROW", repr(json.dumps(row)))
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", script],
        cwd=ROOT,
        env=field.run.environment,
        check=True,
    )
