"""The address of Redis: whether it is one, and how Celery writes the same. For environment.py and settings.py."""

from typing import Any
from urllib.parse import quote, urlencode

from django.core.exceptions import ImproperlyConfigured
from redis.asyncio.connection import parse_url

SCHEMES = ("redis://", "rediss://", "unix://")


def redis_url(name: str, address: str) -> str:
    """Raises ImproperlyConfigured, without the address: it may hold a password."""
    try:
        is_readable = address.startswith(SCHEMES) and bool(parse_url(address))
    except ValueError:
        is_readable = False
    if not is_readable:
        raise ImproperlyConfigured(f"{name} must be such as redis://host:6379/0, rediss://… or unix:///path/to.sock.")
    return address


def broker_url(address: str) -> str:
    """The same Redis, database and certificate's check as the cache and the sockets have, in kombu's own writing.

    kombu has another scheme for a Unix socket, takes the database from the path alone, and checks no certificate unless
    it is told to.
    """
    options: dict[str, Any] = dict(parse_url(address))
    database = options.get("db", 0)
    tls = {name: value for name, value in options.items() if name.startswith("ssl_")}
    if address.startswith("rediss://"):
        tls.setdefault("ssl_cert_reqs", "required")
    if path := options.get("path"):
        return f"redis+socket://{login_of(options)}{quote(path)}?virtual_host={database}"
    query = f"?{urlencode(tls)}" if tls else ""
    host, port = options.get("host", "localhost"), options.get("port", 6379)
    host = f"[{host}]" if ":" in host else host
    return f"{address.partition(':')[0]}://{login_of(options)}{host}:{port}/{database}{query}"


def login_of(options: dict[str, Any]) -> str:
    name, password = (quote(options.get(word) or "", safe="") for word in ("username", "password"))
    return f"{name}:{password}@" if name or password else ""
