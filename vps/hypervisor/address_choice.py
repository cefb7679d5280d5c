"""Which of a guest's addresses is the one that it is reached by: pure functions, for the drivers beside it.

A guest tells of every interface that it has. Those that it has made for containers, machines and tunnels of its own are
the last to be taken: nobody out there reaches it by them.
"""

import ipaddress
import re
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# (the interface's name, its hardware address, an address of it)
ListedAddress = tuple[str, str, Address]

UNUSABLE = ("is_loopback", "is_link_local", "is_multicast", "is_unspecified")

# By their usual names: Docker, Podman, libvirt, LXC, Kubernetes with its networks, Open vSwitch, VPNs, and Windows' own.
OWN_BRIDGE = (
    r"docker\w*|br-.+|virbr\d+.*|lxcbr\d+|lxdbr\d+|incusbr\d+|veth.*|vnet\d+|podman\d+|cni.*|flannel.*|cali.*|cilium.*|lxc_.*"
    r"|weave.*|kube.*|nodelocaldns|vxlan.*|ovs-.*|hassio|vEthernet.*|Hyper-V.*|VMware.*|VirtualBox.*"
)
OWN_TUNNEL = (
    r"tun\d*|tap.*|utun\d*|wg.*|tailscale.*|zt.*|ppp\d+|gre.*|erspan.*|sit\d+|ip6tnl\d+|ip6gre.*|ipip\d+|tunl\d+|ip_vti\d+"
    r"|nebula.*|ham\d+|Hamachi.*|CloudflareWARP|WireGuard.*|OpenVPN.*|ZeroTier.*|isatap.*|Teredo.*|dummy\d+|ifb\d+"
)
OWN = re.compile(rf"({OWN_BRIDGE}|{OWN_TUNNEL})", re.IGNORECASE)
# Docker makes the hardware addresses of its bridges and containers so, whatever the bridge is called.
DOCKERS = "02:42:"

# Nobody's on the Internet. They stand for public addresses in examples, and in the demo.
DOCUMENTATION = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
    )
)
# A carrier's NAT, and IPv6 inside of IPv4: reached from out there by luck, or not at all.
SHARED = tuple(map(ipaddress.ip_network, ("100.64.0.0/10", "192.88.99.0/24", "2002::/16", "2001::/32")))

PUBLIC, EXAMPLE, PRIVATE, BEHIND_NAT = range(4)


def best_first(listed: Iterable[ListedAddress], known: str | None = None) -> list[str]:
    """The usable ones: public before private, in either IPv4 before IPv6, and the guest's own networks after all.

    The known one goes before others that are as good: of a guest with two the address does not change to and fro.
    """
    usable = [one for one in listed if not any(getattr(one[2], mark) for mark in UNUSABLE)]
    usable.sort(key=lambda one: (rank(one), str(one[2]) != known))
    return list(dict.fromkeys(str(address) for _, _, address in usable))


def rank(listed: ListedAddress) -> tuple[bool, int, int]:
    name, hardware, address = listed
    is_own = bool(OWN.fullmatch(name)) or hardware.lower().startswith(DOCKERS)
    return is_own, scope_of(address), address.version


def scope_of(address: Address) -> int:
    if is_in(address, SHARED):
        return BEHIND_NAT
    if is_in(address, DOCUMENTATION):
        return EXAMPLE
    return PUBLIC if address.is_global else PRIVATE


def is_in(address: Address, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
