"""Hypervisors, one driver each. vps.open_hypervisor calls `connect`, services use it and handle base.HypervisorError."""

from importlib import import_module

from vps.drivers import DRIVERS, has_driver
from vps.hypervisor.base import Access, Hypervisor, Refusal, Refused
from vps.hypervisor.guard import Guard, Unguarded

__all__ = ["Hypervisor", "connect"]


def connect(hypervisor: str, access: Access, guard: Guard | None = None) -> Hypervisor:
    """The cluster at `access`; `guard` hears of each call. Nothing is sent yet.

    Raises Refused(OTHER) for a hypervisor without a driver.
    """
    if not has_driver(hypervisor):
        raise Refused(Refusal.OTHER, f"there is no driver for {hypervisor}")
    module, _, name = DRIVERS[hypervisor].rpartition(".")
    driver: Hypervisor = getattr(import_module(module), name)(access, guard or Unguarded())
    return driver
