"""Hypervisors, one driver each. vps.open_hypervisor calls `connect`, services use it and handle base.HypervisorError."""

from importlib import import_module
from typing import Any

from vps.drivers import DRIVERS, has_driver
from vps.hypervisor.base import Access, Hypervisor, Refusal, Refused, Traits
from vps.hypervisor.guard import Guard, Unguarded

__all__ = ["Hypervisor", "connect", "traits_of"]


def connect(hypervisor: str, access: Access, guard: Guard | None = None) -> Hypervisor:
    """The cluster at `access`; `guard` hears of each call. Nothing is sent yet.

    Raises Refused(OTHER) for a hypervisor without a driver.
    """
    made: Hypervisor = driver_of(hypervisor)(access, guard or Unguarded())
    return made


def traits_of(hypervisor: str) -> Traits:
    """What is so of all of its clusters. Raises as `connect`."""
    traits: Traits = driver_of(hypervisor).traits
    return traits


def driver_of(hypervisor: str) -> Any:
    """Its class, imported now with all that it needs."""
    if not has_driver(hypervisor):
        raise Refused(Refusal.OTHER, f"there is no driver for {hypervisor}")
    module, _, name = DRIVERS[hypervisor].rpartition(".")
    return getattr(import_module(module), name)
