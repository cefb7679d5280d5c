"""The cluster of the demo, as it is the first time. `python -m simulator` makes it where there is no state yet."""

import time
import uuid
from pathlib import Path

from simulator.guests import Guest
from simulator.world import World

# Each is its kind, vmid, name, node, cores, memory in MB, disk in GB, power and addresses.
# The first are the demo's servers; the names of the others are those of the main site's manuals.
GUESTS = (
    ("qemu", 101, "shop", "pve1", 4, 8192, 100, "running", ["192.0.2.10", "2001:db8::10"]),
    ("lxc", 102, "blog", "pve1", 1, 1024, 20, "running", ["192.0.2.11"]),
    ("qemu", 103, "db-primary", "pve2", 8, 16384, 200, "running", ["192.0.2.12"]),
    ("qemu", 104, "ci-runner", "pve2", 4, 8192, 80, "stopped", ["192.0.2.13"]),
    ("lxc", 105, "old-site", "pve1", 1, 512, 10, "stopped", ["192.0.2.14"]),
    ("qemu", 106, "mail", "pve1", 2, 4096, 60, "running", ["192.0.2.20"]),
    ("lxc", 107, "game-server", "pve2", 4, 8192, 60, "stopped", ["192.0.2.21"]),
    ("qemu", 110, "test", "pve1", 2, 2048, 50, "stopped", ["192.0.2.30"]),
    ("qemu", 111, "test-vps", "pve1", 2, 2048, 50, "stopped", ["192.0.2.31"]),
    ("lxc", 112, "test-vps-01", "pve2", 2, 2048, 50, "stopped", ["192.0.2.32"]),
    ("qemu", 114, "petr-shop", "pve2", 2, 4096, 40, "running", ["192.0.2.34"]),
    ("qemu", 113, "web-01", "pve2", 4, 8192, 100, "stopped", ["192.0.2.33"]),
)
UP_FOR_S = 6 * 24 * 3600


def new_world(path: Path, token: str) -> World:
    world = World(path, token)
    for entry in GUESTS:
        guest = guest_of(*entry)
        world.guests[guest.vmid] = guest
    world.guests[9000] = Guest("qemu", 9000, "template-debian-12", template=True)
    world.save()
    return world


def guest_of(
    kind: str, vmid: int, name: str, node: str, cores: int, memory_mb: int, disk_gb: int, power: str, ips: list[str]
) -> Guest:
    return Guest(
        kind=kind,
        vmid=vmid,
        name=name,
        node=node,
        cores=cores,
        memory_mb=memory_mb,
        disk_gb=disk_gb,
        uuid=str(uuid.uuid4()) if kind == "qemu" else "",
        mac=f"BC:24:11:00:{vmid // 256:02X}:{vmid % 256:02X}",
        agent=kind == "qemu",
        ips=ips,
        power=power,
        started_at=time.time() - UP_FOR_S if power == "running" else 0.0,
    )
