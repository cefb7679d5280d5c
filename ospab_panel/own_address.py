"""The panel's own address and the hosts that it answers to, refused where they are wrong or wide. For settings.py."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

from ospab_panel.environment import text, words

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
PORTS = {"http": 80, "https": 443}


def panel_url(name: str) -> tuple[str, str, bool]:
    """(origin as browsers write it, host, is it https). Plain http is for this machine alone: a password must not travel
    in the clear.
    """
    parts = split(name, text(name))
    host = shortest(parts.hostname or "")
    if parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ImproperlyConfigured(
            f"{name} is scheme and host alone, such as https://panel.example.com: no path, no user."
        )
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ImproperlyConfigured(f"{name} must be https unless it names this machine.")
    port = f":{parts.port}" if parts.port not in (None, PORTS[parts.scheme]) else ""
    return f"{parts.scheme}://{bracketed(host)}{port}", bracketed(host), parts.scheme == "https"


def split(name: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in PORTS and is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or re.search(r"[\s\\]", url):
        raise ImproperlyConfigured(f"{name} must be the panel's address, such as https://panel.example.com.")
    return parts


def is_host(name: str) -> bool:
    """A name as browsers send it (Russian ones as xn--…), or an IP address."""
    return bool(HOST.fullmatch(name)) or (":" in name and is_ip(name))


def is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def shortest(host: str) -> str:
    """As browsers write it."""
    return ip_address(host).compressed if ":" in host and is_ip(host) else host


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def allowed_hosts(name: str, own: str) -> list[str]:
    """Exact names alone. One with a star or a leading dot would let a caller choose the host that the panel takes for its
    own.
    """
    hosts = []
    for host in map(str.lower, words(name)):
        if host.startswith((".", "*")):
            raise ImproperlyConfigured(f"{name} is too wide with {host}: name each host.")
        if not is_host(host.strip("[]")):
            raise ImproperlyConfigured(f"{name} takes host names without scheme, port and path: {host} is none.")
        hosts.append(bracketed(shortest(host.strip("[]"))))
    return [own, *(host for host in hosts if host != own)]


def refuse_unsafe(*, debug: bool, demo: bool, hosts: list[str]) -> None:
    """DEBUG and the demo's known key may serve this machine alone."""
    outside = [host for host in hosts if host.strip("[]") not in LOOPBACK]
    for name, is_on in (("DEBUG", debug), ("DEMO", demo)):
        if is_on and outside:
            raise ImproperlyConfigured(f"{name} is on while the panel answers to {', '.join(outside)}.")
