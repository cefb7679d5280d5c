"""What an address of IP means: for the driver, for webhooks, and for the forms in which staff write one. Pure functions."""

import ipaddress
import socket

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
THIS_MACHINE = ("localhost", "ip6-localhost", "ip6-loopback")


def parsed(text: str) -> IP | None:
    """An address as it is written, in brackets or with a zone too. None for a name."""
    try:
        return ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None


def is_of_a_link(address: IP) -> bool:
    """Whether it means another machine on every network, where clouds have what is told to the machine alone; or many,
    or none."""
    plain = mapped(address)
    return plain.is_link_local or plain.is_multicast or plain.is_unspecified


def is_local(address: IP) -> bool:
    """Whether it means this machine, or is of a link: nothing that a name may stand for."""
    return mapped(address).is_loopback or is_of_a_link(address)


def mapped(address: IP) -> IP:
    """The IPv4 address that an IPv6 one writes, if it does."""
    return getattr(address, "ipv4_mapped", None) or address


def names_this_machine(host: str) -> bool:
    """Whether this host, as it is written, is this machine. Of any other name it is seen when it is connected to."""
    address = parsed(host)
    return mapped(address).is_loopback if address else host.rstrip(".").lower() in THIS_MACHINE


def names_a_link(host: str) -> bool:
    address = parsed(host)
    return address is not None and is_of_a_link(address)


def is_disguised(host: str) -> bool:
    """Whether it is an address that is not written as one: 2130706433 and 0x7f.1 are 127.0.0.1 to the system."""
    if parsed(host):
        return False
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True
