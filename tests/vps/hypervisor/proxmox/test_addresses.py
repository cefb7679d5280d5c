"""B9: which of its addresses a guest is reached by."""

import json
from typing import Any

import pytest

from tests.vps.hypervisor.proxmox.impostor import http_answer
from vps.guests import GuestRef, Kind
from vps.hypervisor import connect

QEMU = GuestRef(Kind.VM, "100", "pve1")
LXC = GuestRef(Kind.CONTAINER, "100", "pve1")
MAC = "bc:24:11:00:00:64"
V4, V6 = "1.1.1.5", "2606:4700::5"

CASES: dict[str, tuple[dict[str, list[str]], str]] = {
    "a public IPv6 and a bridge of containers": ({"docker0": ["172.17.0.1"], "eth0": [V6]}, V6),
    "a public IPv4 before a public IPv6": ({"eth0": [V6, V4]}, V4),
    "a public IPv6 before a private IPv4": ({"ens18": ["10.0.0.5", V6]}, V6),
    "a private IPv4 before a private IPv6": ({"ens18": ["fd00::5", "10.0.0.5"]}, "10.0.0.5"),
    "a private one before a tunnel's public one": ({"wg0": [V4], "eth0": ["192.168.1.5"]}, "192.168.1.5"),
    "a tunnel's where there is nothing better": ({"tun0": ["10.8.0.2"], "eth0": ["fe80::1"]}, "10.8.0.2"),
    "a public one on a second card": ({"eth0": ["10.0.0.5"], "eth1": [V4]}, V4),
    "the bridge that a guest's own card is in": ({"br0": [V4], "virbr0": ["192.168.122.1"]}, V4),
    "the node of a nested cluster": ({"vmbr0": [V4], "tap100i0": []}, V4),
    "a carrier's NAT after a private one": ({"eth0": ["100.64.0.9", "fd00::5"]}, "fd00::5"),
    "tailscale after all": ({"tailscale0": ["100.101.102.103"], "eth0": [V6]}, V6),
    "IPv6 inside of IPv4 after a real one": ({"eth0": ["2002:101:105::1", V6]}, V6),
    "an example's address is a public one": ({"eth0": ["10.0.0.5", "2001:db8::5"]}, "2001:db8::5"),
    "Windows": ({"vEthernet (WSL)": ["172.28.0.1"], "Ethernet 2": ["10.0.0.5"]}, "10.0.0.5"),
}
MADE_BY_THE_GUEST = [
    "docker0", "docker_gwbridge", "br-0123456789ab", "virbr0", "veth12ab34c", "cni0", "flannel.1", "cali0123456789a",
    "tun0", "tap0", "wg0", "wg-mullvad", "tailscale0", "lxdbr0", "lxcbr0", "podman1", "zt5u4y6ejv", "cilium_host",
    "kube-ipvs0", "sit0", "ppp0", "vEthernet (Default Switch)", "OpenVPN TAP-Windows6", "Tailscale", "ZeroTier One [a]",
]  # fmt: skip


def first(impostor: Any, interfaces: dict[str, list[str]]) -> str:
    interfaces_listed = [
        {"name": name, "hardware-address": MAC, "ip-addresses": [{"ip-address": ip} for ip in ips]}
        for name, ips in interfaces.items()
    ]
    answer = http_answer(json.dumps({"data": {"result": interfaces_listed}}).encode())
    return connect("proxmox", impostor.access(impostor.answering(answer))).addresses(QEMU)[0]


@pytest.mark.parametrize("case", CASES)
def test_addresses_begin_with_the_one_to_use_from_outside(impostor: Any, case: str) -> None:
    interfaces, expected = CASES[case]
    assert first(impostor, interfaces) == expected
    assert first(impostor, dict(reversed(interfaces.items()))) == expected, "in whatever order they are told"


@pytest.mark.parametrize("name", MADE_BY_THE_GUEST)
def test_addresses_of_an_interface_that_the_guest_has_made_are_known_by_its_name(impostor: Any, name: str) -> None:
    assert first(impostor, {name: ["10.1.2.3"], "eth0": ["fd00::5"]}) == "fd00::5"


@pytest.mark.parametrize(
    "name", ["eth0", "ens18", "enp1s0", "eno1", "bond0", "eth0.100", "br0", "Ethernet", "venet0", "net0"]
)
def test_addresses_of_a_network_card_are_taken_for_such(impostor: Any, name: str) -> None:
    assert first(impostor, {name: ["10.1.2.3"], "eth9": ["fd00::5"]}) == "10.1.2.3"


@pytest.mark.parametrize("kind", ["qemu", "lxc"])
def test_addresses_of_a_bridge_of_docker_are_known_by_its_hardware_address_too(
    driver: Any, simulated: Any, kind: str
) -> None:
    bridges = {"docker0": ["172.17.0.1"], "mynet": ["172.20.0.1"]}
    simulated.add(kind, power="running", agent=True, ips=["2606:4700::5", "10.0.0.5"], bridges=bridges)
    found = driver().addresses(QEMU if kind == "qemu" else LXC)
    assert found[:2] == ["2606:4700::5", "10.0.0.5"]
    assert set(found[2:]) == {"172.17.0.1", "172.20.0.1"}


def test_addresses_of_a_container_of_before_2025_are_read_by_their_other_names(impostor: Any) -> None:
    interfaces_listed = [
        {"name": "mynet", "hwaddr": "02:42:ac:14:00:01", "inet": "172.20.0.1/16"},
        {"name": "eth0", "hwaddr": MAC, "inet6": "fd00::5/64"},
    ]
    answer = http_answer(json.dumps({"data": interfaces_listed}).encode())
    driver = connect("proxmox", impostor.access(impostor.answering(answer)))
    assert driver.addresses(LXC) == ["fd00::5", "172.20.0.1"]
