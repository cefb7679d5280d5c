"""/simulator/…: how tests and people make guests, look behind the API, and tell the cluster to misbehave. For `server`."""

import re
from collections.abc import Callable
from typing import Any

from vps.simulator import guests
from vps.simulator.tasks import Task
from vps.simulator.world import World


class Missing(Exception):
    """There is no such thing: 404."""


def list_guests(world: World, given: Any) -> Any:
    return [guest.public() for guest in list(world.guests.values())]


def add_guests(world: World, given: Any) -> Any:
    """One, or a list of them: all or none."""
    made = [guests.made(each) for each in (given if isinstance(given, list) else [given])]
    world.guests.update({guest.vmid: guest for guest in made})
    public = [guest.public() for guest in made]
    return public if isinstance(given, list) else public[0]


def guest_of(world: World, vmid: str) -> guests.Guest:
    if int(vmid) not in world.guests:
        raise Missing(f"there is no guest {vmid}")
    return world.guests[int(vmid)]


def change_guest(world: World, given: Any, vmid: str) -> Any:
    guest = guest_of(world, vmid)
    guests.change(guest, given)
    return guest.public()


def remove_guest(world: World, given: Any, vmid: str) -> Any:
    del world.guests[guest_of(world, vmid).vmid]
    return None


def turn_guest(world: World, given: Any, vmid: str) -> Any:
    """Somebody else starts or stops it, behind the panel's back; as there, root's task tells of it."""
    guest = guest_of(world, vmid)
    guests.check(given)
    verb = {"running": "start", "stopped": "stop"}.get(given["power"], "pause")
    type = ("qm" if guest.kind == "qemu" else "vz") + verb

    def turn(task: Task) -> None:
        guest.turn(given["power"])

    world.tasks.start(guest.node, type, vmid, "root@pam", turn)
    return None


def list_commands(world: World, given: Any) -> Any:
    return world.commands


def change_node(world: World, given: Any, node: str) -> Any:
    if node not in world.nodes:
        raise Missing(f"there is no node {node}")
    if not isinstance(given, dict) or not isinstance(given.get("up"), bool):
        raise ValueError('a node is {"up": true} or {"up": false}')
    world.nodes[node] = given["up"]
    return given


def change_world(world: World, given: Any) -> Any:
    """delay_seconds, lose_answers, deny, drop, and list_lag_seconds."""
    if not isinstance(given, dict):
        raise ValueError("faults are an object")
    for name, value in given.items():
        target: Any = world if name == "list_lag_seconds" else world.faults
        if not hasattr(target, name):
            raise ValueError(f"unknown: {name}")
        setattr(target, name, value)
    return vars(world.faults)


CONTROLS: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", r"/simulator/guests", list_guests),
    ("POST", r"/simulator/guests", add_guests),
    ("PATCH", r"/simulator/guests/(\d+)", change_guest),
    ("DELETE", r"/simulator/guests/(\d+)", remove_guest),
    ("POST", r"/simulator/guests/(\d+)/power", turn_guest),
    ("PATCH", r"/simulator/nodes/([\w-]+)", change_node),
    ("PATCH", r"/simulator/faults", change_world),
    ("GET", r"/simulator/commands", list_commands),
]


def control(world: World, method: str, path: str, given: Any) -> Any:
    """Raises Missing, or ValueError for input that is wrong. What changes is saved."""
    for its_method, pattern, verb in CONTROLS:
        match = re.fullmatch(pattern, path)
        if match and method == its_method:
            result = verb(world, given, *match.groups())
            if method != "GET":
                world.save()
            return result
    raise Missing(f"nothing at {method} {path}")
