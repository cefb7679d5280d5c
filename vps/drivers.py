"""Which hypervisors the panel can drive, as `Vps.hypervisor` names them. Pure: models ask, vps.hypervisor connects."""

# Where the driver's class is. It is imported when a cluster is connected to.
DRIVERS = {"proxmox": "vps.hypervisor.proxmox.driver.Proxmox"}


def has_driver(hypervisor: str) -> bool:
    return hypervisor in DRIVERS
