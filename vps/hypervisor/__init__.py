"""Hypervisors, one driver each. vps.open_hypervisor calls `connect`, services use it and handle base.HypervisorError."""

from pkgutil import resolve_name
from typing import Any

from vps.drivers import DRIVERS, TRAITS, has_driver
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
    """What is so of all of its clusters, without their driver. Raises as `connect`."""
    refuse_driverless(hypervisor)
    traits: Traits = resolve_name(TRAITS[hypervisor])
    return traits


def driver_of(hypervisor: str) -> Any:
    """Its class, imported now with all that it needs."""
    refuse_driverless(hypervisor)
    return resolve_name(DRIVERS[hypervisor])


def refuse_driverless(hypervisor: str) -> None:
    if not has_driver(hypervisor):
        raise Refused(Refusal.OTHER, f"there is no driver for {hypervisor}")
