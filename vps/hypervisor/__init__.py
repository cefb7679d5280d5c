"""Hypervisors, one driver each. Services call `connect`."""

from vps.hypervisor.base import Access, Hypervisor


def connect(hypervisor: str, access: Access) -> Hypervisor:
    raise NotImplementedError
