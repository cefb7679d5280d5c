"""Hypervisors, one driver each. Services alone call `connect`, and handle base.HypervisorError."""

from vps.hypervisor.base import Access, Hypervisor, Refusal, Refused
from vps.hypervisor.proxmox import Proxmox

DRIVERS = {"proxmox": Proxmox}

__all__ = ["Hypervisor", "connect"]


def connect(hypervisor: str, access: Access) -> Hypervisor:
    """The cluster at `access`. Nothing is sent yet. Raises Refused(OTHER) for a hypervisor without a driver."""
    if hypervisor not in DRIVERS:
        raise Refused(Refusal.OTHER, f"there is no driver for {hypervisor}")
    return DRIVERS[hypervisor](access)
