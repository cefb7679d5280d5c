"""/simulator/…: how tests and people make guests, look behind the API, and tell the cluster to misbehave. For `server`."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from simulator import answers, guests, rights
from simulator.tasks import Task
from simulator.world import World


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


def change_power(world: World, given: Any, vmid: str) -> Any:
    """Somebody else starts or stops it, behind the panel's back; as there, root's task tells of it."""
    guest = guest_of(world, vmid)
    guests.check(given)
    verb = {"running": "start", "stopped": "stop"}.get(given["power"], "pause")
    type = ("qm" if guest.kind == "qemu" else "vz") + verb

    def act(task: Task) -> None:
        guest.set_power(given["power"])

    world.tasks.start(guest.node, type, vmid, "root@pam", act)
    return None


def list_commands(world: World, given: Any) -> Any:
    return world.commands


def change_node(world: World, given: Any, node: str) -> Any:
    if node not in world.nodes:
        raise Missing(f"there is no node {node}")
    known = {"up": is_flag, "hang_seconds": is_time}
    if not is_made_of(given, known):
        raise ValueError('a node is {"up": true or false, "hang_seconds": a number}, or one of these')
    world.nodes[node] = given.get("up", world.nodes[node])
    world.hangs[node] = given.get("hang_seconds", world.hangs.get(node, 0))
    return given


def change_host(world: World, given: Any, port: str) -> Any:
    if int(port) not in world.hosts:
        raise Missing(f"there is no TLS on port {port}")
    if not is_made_of(given, {"silent": is_flag, "refuse": is_flag, "clock_seconds": is_number}):
        raise ValueError(
            'a host is {"silent": true or false, "refuse": true or false, "clock_seconds": a number}, or one'
        )
    host = world.hosts[int(port)]
    for name, value in given.items():
        setattr(host, name, value)
    return vars(host)


def is_made_of(given: Any, known: Mapping[str, Callable[[Any], bool]]) -> bool:
    """An object of one or more of these, each as it must be."""
    is_object = isinstance(given, dict) and bool(given)
    return is_object and all(name in known and known[name](value) for name, value in given.items())


def is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def is_time(value: Any) -> bool:
    return is_number(value) and value >= 0


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not is_flag(value)


def change_token(world: World, given: Any) -> Any:
    """What it may do from now on."""
    if not is_made_of(given, {"privileges": lambda value: True}):
        raise ValueError('a token is {"privileges": a list, or an object of paths with a list each}')
    world.privileges = rights.granted(given["privileges"])
    return world.privileges


def list_answers(world: World, given: Any) -> Any:
    return [vars(answer) for answer in world.answers.all]


def add_answer(world: World, given: Any) -> Any:
    """A path says what it is told, from now on."""
    answer = answers.made(given)
    world.answers.add(answer)
    return vars(answer)


def forget_answers(world: World, given: Any) -> Any:
    world.answers.all = []
    return None


def show_load(world: World, given: Any) -> Any:
    return world.calls.report()


def forget_load(world: World, given: Any) -> Any:
    world.calls.forget()
    return None


def change_world(world: World, given: Any) -> Any:
    """delay_seconds, lose_answers, late_seconds, late_commands, deny, drop, and list_lag_seconds."""
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
    ("POST", r"/simulator/guests/(\d+)/power", change_power),
    ("PATCH", r"/simulator/nodes/([\w-]+)", change_node),
    ("PATCH", r"/simulator/hosts/(\d+)", change_host),
    ("PATCH", r"/simulator/faults", change_world),
    ("PATCH", r"/simulator/token", change_token),
    ("GET", r"/simulator/answers", list_answers),
    ("POST", r"/simulator/answers", add_answer),
    ("DELETE", r"/simulator/answers", forget_answers),
    ("GET", r"/simulator/load", show_load),
    ("DELETE", r"/simulator/load", forget_load),
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
                world.wake()
            return result
    raise Missing(f"nothing at {method} {path}")
