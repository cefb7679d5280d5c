"""Where webhooks may go: rules for a URL, and for each address that its name stands for. For the form and the connection.

A name may stand for another address at every question, so the address that is checked is the one that is connected to.
"""

import ipaddress
import re
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from vps.addresses import IP, is_of_a_link, parsed
from web.errors import Sentence

# Host and port to addresses, in text. `socket`'s own reads 2130706433 and 0x7f.1 as addresses too.
Resolve = Callable[[str, int], list[str]]

HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?\.?|[0-9A-Fa-f:.]+")
# What of IPv6 is handed out to the world. An IPv4 address inside of one of the second is reached by way of it.
WORLD = ipaddress.IPv6Network("2000::/3")
PORTS = {"https": 443, "http": 80}
TUNNELS = [ipaddress.IPv6Network(network) for network in ("2001::/32", "2002::/16", "64:ff9b::/96", "64:ff9b:1::/48")]


class Forbidden(Exception):
    """Nothing is sent to this address."""


def resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_rest, sockaddr in found))


def checked(host: str, port: int, *, allow_private: bool, resolve: Resolve = resolve) -> list[str]:
    """The addresses of this host, to be connected to as they are. Raises Forbidden where any may not be, or OSError.

    With `allow_private` all may be but those of a link, where clouds have what the machine alone may read.
    """
    addresses = resolve(host.strip("[]"), port)
    for address in addresses:
        ip = ipaddress.ip_address(address.partition("%")[0])
        if is_of_a_link(ip) or not (allow_private or is_public(ip)):
            raise Forbidden(f"{host} is {address}, which is not public")
    return addresses


def is_public(address: IP) -> bool:
    """Whether it is somebody's in the world, and no way to what is not."""
    if isinstance(address, ipaddress.IPv6Address):
        is_worlds = address in WORLD and not any(address in network for network in TUNNELS)
        return is_worlds and address.is_global
    return address.is_global and not (address.is_multicast or address.is_reserved)


def fault_of(url: str, *, allow_private: bool) -> Sentence:
    """What is wrong with this URL, or ''. It is not looked up: a request waits for no other host."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return _("This is no address.")
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return _("This is no address.")
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        return _("The address must begin with https://.")
    if "@" in parts.netloc:
        return _("The address must hold no user and no password.")
    if not HOST.fullmatch(host) or port == 0 or "#" in url:
        return _("This is no address.")
    return (
        "" if may_be_sent_to(host, allow_private=allow_private) else _("Webhooks are sent to public addresses alone.")
    )


def may_be_sent_to(host: str, *, allow_private: bool) -> bool:
    """As it is written: what a name stands for is seen when it is connected to."""
    address = parsed(host)
    if address and is_of_a_link(address):
        return False
    return allow_private or is_outside(host)


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: whose it is. For a URL that `fault_of` has taken."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or PORTS.get(parts.scheme)


def is_outside(host: str) -> bool:
    """Whether a host that is written as an address is public. A name may be; that is seen when it is connected to."""
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        return host.rstrip(".").lower() != "localhost"
