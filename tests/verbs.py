"""What tests ask of every verb there is, so that a new one is tested without being listed. For tests of all folders."""

from typing import Any

from vps.guests import Kind
from vps.hypervisor.base import Power
from vps.hypervisor.proxmox.commands import CALLS
from vps.models import Placement
from vps.operations.verbs import VERBS

# What the API has an address for.
WITH_ADDRESS = [name for name, verb in VERBS.items() if not verb.variant_of]
CYCLES = [name for name, verb in VERBS.items() if verb.is_cycle]


def power_before(name: str) -> str:
    """The power of a guest that has to be sent a command for this verb."""
    verb = VERBS[name]
    return "stopped" if verb.goal == Power.RUNNING and not verb.is_cycle else "running"


def call_of(name: str) -> tuple[str, dict[str, Any]]:
    """By which last part of a VPS's address, and which body, the API is asked for this verb."""
    verb = VERBS[name]
    return verb.variant_of or name, {verb.flag: True} if verb.variant_of else {}


def action_of(name: str, guest: str = "qemu") -> str:
    """What the simulated hypervisor calls the command of this verb, for such a guest."""
    kind: Kind = Placement.Kind(guest).guest_kind
    return CALLS[VERBS[name].command, kind][0]
