"""Reads the environment for settings.py, which alone may call it, and refuses to start on values that are not safe."""

from urllib.parse import parse_qsl, urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

env = environ.FileAwareEnv()

# The key printed in the main site's published manuals: everybody knows it.
PLACEHOLDER_SYNC_KEY = "your_secret_api_key_here_min_32_chars_change_this"
PLACEHOLDER_MARKS = ("change_this", "change-this", "changeme", "django-insecure", "your_secret", "example")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
SHORTEST = {"SECRET_KEY": 50, "JWT_SIGNING_KEY": 32, "VPS_SYNC_API_KEY": 32, "VPS_SYNC_API_KEY_OLD": 32}


def secret(name: str, *, demo: bool, default: str | None = None) -> str:
    """The secret `name`; ImproperlyConfigured names it where it is missing, short or printed in some manual."""
    value: str = env.str(name, default) if default is not None else env.str(name)
    if value == default:
        return value
    if len(value) < SHORTEST[name]:
        raise ImproperlyConfigured(f"{name} is too short: it needs {SHORTEST[name]} characters at least.")
    is_demo_key = demo and value == PLACEHOLDER_SYNC_KEY
    if not is_demo_key and any(mark in value.lower() for mark in PLACEHOLDER_MARKS):
        raise ImproperlyConfigured(f"{name} is a documented placeholder: generate one of your own.")
    return value


def field_keys(name: str) -> list[str]:
    """Fernet keys, newest first: the first encrypts, all of them decrypt."""
    keys: list[str] = env.list(name)
    try:
        for key in keys:
            Fernet(key)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a comma-separated list of Fernet keys.") from error
    if not keys:
        raise ImproperlyConfigured(f"{name} is empty: it needs one Fernet key at least.")
    return keys


def panel_url(name: str) -> tuple[str, str, bool]:
    """(origin, host, is it https). Plain http is for this machine alone: a password must not travel in the clear."""
    url = env.str(name).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured(f"{name} must be the panel's address, such as https://panel.example.com.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ImproperlyConfigured(f"{name} must be https unless it names this machine.")
    return url, parts.hostname, parts.scheme == "https"


def refuse_unsafe(*, debug: bool, demo: bool, hosts: list[str]) -> None:
    """DEBUG and the demo's known key may serve this machine alone."""
    outside = [host for host in hosts if host not in LOOPBACK | {"[::1]"}]
    for name, is_on in (("DEBUG", debug), ("DEMO", demo)):
        if is_on and outside:
            raise ImproperlyConfigured(f"{name} is on while the panel answers to {', '.join(outside)}.")


def broker_url(redis_url: str) -> str:
    """Celery's way to write the same Redis and database: kombu has a scheme of its own for a Unix socket."""
    if redis_url.startswith("unix://"):
        path, _, query = redis_url.removeprefix("unix://").partition("?")
        return f"redis+socket://{path}?virtual_host={dict(parse_qsl(query)).get('db', 0)}"
    return redis_url
