"""Where a request comes from, for whoever counts by it. Whoever takes from accounts.limits asks."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest

# What one subscriber is given; whoever has it has 2^64 addresses.
SUBSCRIBER = 64


def network_of(request: HttpRequest | None) -> str:
    """By the address that the trusted proxies have named. Empty where nobody says."""
    return network(request.META.get("REMOTE_ADDR", "")) if request else ""


def network(address: str) -> str:
    """An IPv4 address as it is, also where it is written as IPv6; of an IPv6 address its /64. Empty for anything else."""
    try:
        parsed = ip_address(address.strip().partition("%")[0])
    except ValueError:
        return ""
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network((parsed, SUBSCRIBER), strict=False))


def address_of(request: HttpRequest) -> str:
    """The whole of it, to be shown to whoever it is of. Empty where nobody says."""
    try:
        parsed = ip_address(request.META.get("REMOTE_ADDR", "").strip().partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
