"""What the token may do: which call needs which privilege on a guest, and how the token is told of its own. For `routes`."""

import re
from typing import Any

from simulator.guests import Guest
from simulator.refusals import not_permitted
from simulator.world import World

# The first whose pattern matches a call says what it needs: one of these on the guest.
NEEDED: list[tuple[str, str]] = [
    (r"POST /nodes/[^/]+/(?:qemu|lxc)/(\d+)/status/.*", "VM.PowerMgmt"),
    (r"\w+ /nodes/[^/]+/qemu/(\d+)/agent/.*", "VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted"),
    (r"GET /nodes/[^/]+/(?:qemu|lxc)/(\d+)/.*", "VM.Audit"),
]


def check(world: World, method: str, path: str) -> None:
    """Raises Refused(403), and that before a parameter is looked at, or whether there is such a guest."""
    for pattern, needed in NEEDED:
        if match := re.fullmatch(pattern, f"{method} {path}"):
            if not set(needed.split("|")) & of_guest(world, int(match[1])):
                raise not_permitted(f"/vms/{match[1]}", needed)
            return


def of_guest(world: World, vmid: int) -> set[str]:
    """What is granted on a guest itself stands in place of what it would have by its folder."""
    paths = (f"/vms/{vmid}", "/vms", "/")
    return next((set(world.privileges[path]) for path in paths if path in world.privileges), set())


def seen(world: World) -> list[Guest]:
    """The guests that a list shows: of the others it says nothing, with 200."""
    return [guest for guest in list(world.guests.values()) if "VM.Audit" in of_guest(world, guest.vmid)]


def permissions(world: World, params: dict[str, Any]) -> dict[str, dict[str, int]]:
    """GET /access/permissions: by path what the token effectively has. A path without anything is not there."""
    if params.get("userid", world.user) != world.user:
        raise not_permitted("/access", "Sys.Audit")
    if path := params.get("path"):
        return {path: dict.fromkeys(of_path(world, path), 1)}
    return {path: dict.fromkeys(granted, 1) for path, granted in world.privileges.items() if granted}


def of_path(world: World, path: str) -> list[str]:
    if match := re.fullmatch(r"/vms/(\d+)", path):
        return sorted(of_guest(world, int(match[1])))
    return world.privileges.get(path, [])


def granted(given: Any) -> dict[str, list[str]]:
    """What a token is given: a list of privileges on all guests, or an object that says which on which path."""
    by_path = {"/vms": given} if isinstance(given, list) else given
    if not isinstance(by_path, dict):
        raise ValueError("privileges are a list, or an object of paths with a list each")
    for path, names in by_path.items():
        if not re.fullmatch(r"/|/vms|/vms/\d+", path):
            raise ValueError("a path is /, /vms or /vms/{vmid}")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("privileges are names")
    return by_path
