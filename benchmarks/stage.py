"""A simulated cluster in a process of its own, and a panel that knows every guest of it. For `reconcile`."""

import os
import uuid
from pathlib import Path
from typing import Any, Self

import requests
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from launcher.certificate import certificate
from launcher.children import ROOT, Child, wait_until
from launcher.programs import python
from launcher.secrets_file import free_port
from simulator.guests import Guest
from simulator.world import World
from vps.models import Cluster, Placement, Vps

TOKEN = "panel@pve!portal=11111111-2222-3333-4444-555555555555"
NODES = 20
VPSES_OF_A_USER = 5
OTHER = {"running": "stopped", "stopped": "running"}


class Stage:
    """`guests` are the cluster's, all running; of each VPS the panel believes so too. Its rows go with it, unless the whole
    database does so."""

    def __init__(self, folder: Path, count: int, *, name: str = "simulated", is_kept: bool = False) -> None:
        folder.mkdir()
        self.count, self.name, self.is_kept = count, name, is_kept
        self.guests = {vmid: described(vmid) for vmid in range(100, 100 + count)}
        self.pem, self.key, self.fingerprint = certificate(folder)
        self.port, self.tls_port = free_port(), free_port()
        world = World(folder / "state.json", TOKEN, nodes={f"pve{n}": True for n in range(NODES)}, list_lag_seconds=0.0)
        world.guests = {vmid: Guest(**facts) for vmid, facts in self.guests.items()}
        world.save()
        listen = ["--port", str(self.port), "--tls-port", str(self.tls_port), "--cert", str(self.pem)]
        command = python("-m", "simulator", "--state", str(world.path), "--key", str(self.key), *listen)
        self.simulator = Child("simulator", command, folder / "simulator.log", dict(os.environ), cwd=ROOT)

    def __enter__(self) -> Self:
        self.simulator.start()
        if not wait_until(self.answers, 30):
            raise SystemExit(f"The simulator did not start:\n{self.simulator.last_lines()}")
        self.cluster = make_rows(self)
        return self

    def __exit__(self, *error: object) -> None:
        self.simulator.stop()
        if not self.is_kept:
            call_command("flush", interactive=False, verbosity=0)

    def answers(self) -> bool:
        try:
            return bool(self.call("GET", "load") is not None)
        except requests.RequestException:
            return False

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"PVEAPIToken={TOKEN}"}
        url = f"http://127.0.0.1:{self.port}/simulator/{path}"
        answer = requests.request(method, url, json=body, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def switch(self, count: int) -> None:
        """So many guests are started or stopped behind the panel's back."""
        chosen = list(self.guests.values())[:count]
        for guest in chosen:
            guest["power"] = OTHER[guest["power"]]
        self.call("POST", "guests", chosen)

    def rename(self, count: int) -> None:
        """So many guests bear another name, and have to say who they are."""
        chosen = list(self.guests.values())[:count]
        for guest in chosen:
            guest["name"] = f"{guest['name'].partition('+')[0]}+{uuid.uuid4().hex[:8]}"
        self.call("POST", "guests", chosen)


def described(vmid: int) -> dict[str, Any]:
    facts = {"name": f"vps-{vmid}", "node": f"pve{vmid % NODES}", "power": "running"}
    return {"kind": "qemu", "vmid": vmid, "uuid": f"aaaaaaaa-0000-0000-0000-{vmid:012d}"} | facts


def make_rows(stage: Stage) -> Cluster:
    cluster = make_cluster(stage)
    named = (f"customer-{number}-of-{stage.name}" for number in range(stage.count // VPSES_OF_A_USER + 1))
    users = User.objects.bulk_create([User(username=name, email=f"{name}@example.com") for name in named])
    size = {"cpu": 1, "ram": 1024, "disk": 10, "os": "Debian 12"}
    owned = enumerate(stage.guests.values())
    vpses = Vps.objects.bulk_create(
        [
            Vps(user=users[at // VPSES_OF_A_USER], name=guest["name"], status=guest["power"], **size)
            for at, guest in owned
        ]
    )
    pairs = zip(vpses, stage.guests.values(), strict=True)
    Placement.objects.bulk_create([placed(vps, guest, cluster) for vps, guest in pairs])
    return cluster


def make_cluster(stage: Stage) -> Cluster:
    token_id, _, secret = TOKEN.partition("=")
    pinned = {"hosts": [f"127.0.0.1:{stage.tls_port}"], "fingerprint": stage.fingerprint, "token_id": token_id}
    made: Cluster = Cluster.objects.create(
        name=stage.name, token_secret=secret, seen_at=timezone.now(), version="9", **pinned
    )
    return made


def placed(vps: Vps, guest: dict[str, Any], cluster: Cluster) -> Placement:
    where = {name: guest[name] for name in ("kind", "vmid", "node", "power")}
    return Placement(vps=vps, cluster=cluster, identity=guest["uuid"], **where)
