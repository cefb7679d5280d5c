"""Which hypervisors the panel can drive, as `Vps.hypervisor` names them, and what models must know of them. Pure."""

# Where the driver's class is. It is imported when a cluster is connected to.
DRIVERS = {"proxmox": "vps.hypervisor.proxmox.driver.Proxmox"}
# And what it says of itself, which doors read too: nothing else of the driver comes with it.
TRAITS = {"proxmox": "vps.hypervisor.proxmox.commands.TRAITS"}
# Of a server or cluster of which nobody says another.
DEFAULT = "proxmox"

# Of a host that names no port.
PORTS = {"proxmox": 8006}
HTTPS = 443
# What stands in the subject of an authority that a cluster makes for itself (pve-cluster 9.0).
OWN_AUTHORITIES = {"proxmox": "PVE Cluster Manager CA"}


def has_driver(hypervisor: str) -> bool:
    return hypervisor in DRIVERS


def port_of(hypervisor: str) -> int:
    return PORTS.get(hypervisor, HTTPS)
