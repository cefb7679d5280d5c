"""What may be read of the cluster and its guests, with the keys of the genuine API. For `routes`."""

import hashlib
import time
from typing import Any

from simulator import rights
from simulator.guests import GB, MB, Guest
from simulator.power import Call
from simulator.refusals import died
from simulator.usage import counters, load, memory, rates
from simulator.world import World

VERSION = {"version": "9.2.11", "release": "9.2", "repoid": "14a22df314a22df3"}
PRESSURES = [f"pressure{what}{how}" for what in ("cpu", "io", "memory") for how in ("some", "full")]
# To each timeframe its step in seconds and its number of points.
RRD = {"hour": (60, 60), "day": (60, 1440), "week": (1800, 336), "month": (1800, 1440), "year": (21600, 1440)}


def resources(world: World, type: str | None) -> list[dict[str, Any]]:
    seen = world.seen()
    nodes = [node_entry(name, is_up) for name, is_up in world.nodes.items()]
    vms = [resource(world, guest, *seen.get(guest.vmid, ("unknown", 0))) for guest in rights.seen(world)]
    return {"vm": vms, "node": nodes, "storage": [], "sdn": []}.get(type or "", [*vms, *nodes])


def node_entry(name: str, is_up: bool) -> dict[str, Any]:
    entry = {"id": f"node/{name}", "type": "node", "node": name, "status": "online" if is_up else "unknown"}
    return entry | ({"level": ""} if is_up else {})


def resource(world: World, guest: Guest, power: str, uptime: int) -> dict[str, Any]:
    """A guest of which nothing was heard for some time keeps its node, and loses its name with its state."""
    entry = {"id": f"{guest.kind}/{guest.vmid}", "type": guest.kind, "vmid": guest.vmid, "node": guest.node}
    entry |= {"hastate": guest.ha_state or "started"} if guest.ha else {}
    if guest.unreported or not world.nodes.get(guest.node):
        return entry | {"status": "unknown"}
    own = {"name": guest.name, "status": power, "template": int(guest.template), "maxcpu": guest.cores}
    only = {"memhost": host_memory(guest) if power != "stopped" else 0} if guest.kind == "qemu" else {}
    lock = {"lock": guest.lock} if guest.lock else {}
    return entry | own | only | lock | usage(guest, power != "stopped", uptime)


def usage(guest: Guest, is_up: bool, uptime: int) -> dict[str, Any]:
    """As pvestatd has measured it: of a guest that is down, no more than its sizes."""
    now = time.time()
    return {
        "cpu": round(load(guest, now), 4) if is_up else 0.0,
        "mem": memory(guest, now) if is_up else 0,
        "maxmem": guest.memory_mb * MB,
        "disk": int(guest.disk_gb * GB * 0.3) if guest.kind == "lxc" and is_up else 0,
        "maxdisk": guest.disk_gb * GB,
        **counters(guest, uptime if is_up else 0),
        "uptime": uptime if is_up else 0,
    }


def status_current(call: Call) -> dict[str, Any]:
    guest = existing(call)
    is_up = guest.power != "stopped"
    own = {"vmid": guest.vmid, "name": guest.name, "status": "running" if is_up else "stopped", "cpus": guest.cores}
    own |= live_usage(guest, is_up) | {"ha": {"managed": 1, "state": guest.ha_state} if guest.ha else {"managed": 0}}
    own |= {"lock": guest.lock} if guest.lock else {}
    own |= {"template": 1} if guest.template else {}
    return own | (of_machine(guest, is_up) if guest.kind == "qemu" else of_container(guest, is_up))


# What a node's list has of each virtual machine with full=1 alone.
ONLY_IN_FULL = {"qmpstatus", "proxmox-support", "running-qemu", "running-machine", "diskread", "diskwrite"}


def live_usage(guest: Guest, is_up: bool) -> dict[str, Any]:
    """A machine's disk counters are its process's, and gone with it."""
    now = usage(guest, is_up, guest.uptime)
    hidden = {"diskread", "diskwrite"} if guest.kind == "qemu" and not is_up else set()
    return {name: value for name, value in now.items() if name not in hidden}


def of_machine(guest: Guest, is_up: bool) -> dict[str, Any]:
    always = {"qmpstatus": guest.power, "memhost": host_memory(guest) if is_up else 0} | (
        {"agent": 1} if guest.agent else {}
    )
    if not is_up:
        return always
    running = {"pid": 20000 + guest.vmid % 10000, "running-qemu": "10.1.2", "running-machine": "pc-i440fx-10.1"}
    return always | running | {"proxmox-support": {}} | dict.fromkeys(PRESSURES, 0)


def of_container(guest: Guest, is_up: bool) -> dict[str, Any]:
    always: dict[str, Any] = {"type": "lxc", "swap": 0, "maxswap": 0}
    if not is_up:
        return always
    return always | {"pid": 20000 + guest.vmid % 10000} | dict.fromkeys(PRESSURES, "0.00")


def config(call: Call) -> dict[str, Any]:
    guest = existing(call)
    if snapshot := call.params.get("snapshot"):
        raise died(f"snapshot '{snapshot}' does not exist")
    shape = of_machine_config(guest) if guest.kind == "qemu" else of_container_config(guest)
    marks: dict[str, Any] = {"lock": guest.lock} if guest.lock else {}
    marks |= {"template": 1} if guest.template else {}
    return shape | marks | {"digest": hashlib.sha1(repr(shape).encode()).hexdigest()}


def of_machine_config(guest: Guest) -> dict[str, Any]:
    """cores is a number and memory a text, as there."""
    macs = [guest.mac, *guest.more_macs] if guest.mac else []
    card = {f"net{at}": f"virtio={mac},bridge=vmbr0" for at, mac in enumerate(macs)}
    uuid = {"smbios1": f"uuid={guest.uuid}"} if guest.uuid else {}
    base = {"name": guest.name, "cores": guest.cores, "memory": str(guest.memory_mb)}
    return base | card | uuid | ({"agent": "1"} if guest.agent else {})


def of_container_config(guest: Guest) -> dict[str, Any]:
    macs = [guest.mac, *guest.more_macs] if guest.mac else []
    cards = {f"net{at}": f"name=eth{at},bridge=vmbr0,hwaddr={mac},ip=dhcp,type=veth" for at, mac in enumerate(macs)}
    root = {"rootfs": f"{guest.volume},size={guest.disk_gb}G"} if guest.volume else {}
    return (
        {"hostname": guest.name, "arch": "amd64", "cores": guest.cores, "memory": guest.memory_mb, "swap": 0}
        | cards
        | root
    )


def existing(call: Call) -> Guest:
    if call.guest is None:
        raise died(call.no_config)
    return call.guest


def agent(call: Call, command: str) -> dict[str, Any]:
    """Of a guest that has one, runs, and answers."""
    guest = existing(call)
    if not guest.agent:
        raise died("No QEMU guest agent configured")
    if guest.power == "stopped":
        raise died(f"VM {guest.vmid} is not running")
    if guest.silent_agent:
        raise died("QEMU guest agent is not running")
    return {"result": {} if command == "ping" else [loopback(), *interfaces(guest, "ipv4", "ipv6")]}


def loopback() -> dict[str, Any]:
    address = {"ip-address": "127.0.0.1", "ip-address-type": "ipv4", "prefix": 8}
    return {"name": "lo", "hardware-address": "00:00:00:00:00:00", "ip-addresses": [address]}


def interfaces(guest: Guest, four: str, six: str) -> list[dict[str, Any]]:
    """Its network card, and after it what its owner has made, as they come in a guest."""
    card = interface("eth0", guest.mac, guest.ips, four, six)
    own = [interface(name, "02:42:0a:00:00:01", ips, four, six) for name, ips in guest.bridges.items()]
    return [*own, card]


def interface(name: str, mac: str, ips: list[str], four: str, six: str) -> dict[str, Any]:
    addresses = [
        {"ip-address": ip, "ip-address-type": six if ":" in ip else four, "prefix": 64 if ":" in ip else 24}
        for ip in ips
    ]
    return {"name": name, "hardware-address": mac.lower(), "ip-addresses": addresses}


def container_interfaces(call: Call) -> list[dict[str, Any]] | None:
    """Null of one that is stopped or not there."""
    guest = call.guest
    if guest is None or guest.power == "stopped":
        return None
    inet = {"inet": f"{guest.ips[0]}/24"} if guest.ips else {}
    *own, card = interfaces(guest, "inet", "inet6")
    return [*own, card | {"hwaddr": guest.mac.lower()} | inet]


def rrddata(world: World, vmid: int, timeframe: str) -> list[dict[str, Any]]:
    """Answered by any node, from its own copy; a guest that was never measured has none."""
    guest = world.guests.get(vmid)
    if guest is None or not guest.has_history:
        raise died(f"RRD error: opening '/var/lib/rrdcached/db/pve-vm-9.0/{vmid}': No such file or directory")
    step, count = RRD[timeframe]
    last = int(time.time()) // step * step - step
    return [point(guest, last - step * back) for back in range(count - 1, -1, -1)]


def point(guest: Guest, moment: int) -> dict[str, Any]:
    """While a guest is down its points have no more than its sizes."""
    sizes = {
        "time": moment,
        "maxcpu": guest.cores,
        "maxmem": guest.memory_mb * MB,
        "maxdisk": guest.disk_gb * GB,
        "disk": 0,
    }
    if guest.power == "stopped" and moment > time.time() - 3600:
        return sizes
    measured = {"cpu": load(guest, moment), "mem": memory(guest, moment), **rates(guest, moment)}
    memhost = {"memhost": host_memory(guest, moment)} if guest.kind == "qemu" else {}
    return sizes | measured | memhost | dict.fromkeys(PRESSURES, 0)


def host_memory(guest: Guest, moment: float | None = None) -> int:
    """What a machine takes of its host, which is a little more than what it says of itself."""
    return int(memory(guest, time.time() if moment is None else moment) * 1.05)


def listed(world: World, kind: str, node: str, is_full: bool) -> list[dict[str, Any]]:
    here = [guest for guest in rights.seen(world) if (guest.kind, guest.node) == (kind, node)]
    calls = [Call(world, guest, kind, guest.vmid, node, {}) for guest in here]
    hidden = {"ha", "agent"} | (set() if is_full or kind == "lxc" else ONLY_IN_FULL)
    return [{key: value for key, value in status_current(call).items() if key not in hidden} for call in calls]
