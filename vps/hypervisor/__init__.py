"""Hypervisors, one driver each. vps.open_hypervisor calls `connect`, services use it and handle base.HypervisorError."""

from vps.hypervisor.base import Access, Hypervisor, Refusal, Refused
from vps.hypervisor.guard import Guard, Unguarded
from vps.hypervisor.proxmox.driver import Proxmox

DRIVERS = {"proxmox": Proxmox}

__all__ = ["Hypervisor", "connect"]


def connect(hypervisor: str, access: Access, guard: Guard | None = None) -> Hypervisor:
    """The cluster at `access`; `guard` hears of each call. Nothing is sent yet.

    Raises Refused(OTHER) for a hypervisor without a driver.
    """
    if hypervisor not in DRIVERS:
        raise Refused(Refusal.OTHER, f"there is no driver for {hypervisor}")
    return DRIVERS[hypervisor](access, guard or Unguarded())
