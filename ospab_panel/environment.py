"""Reads the environment for settings.py, which alone may call it. An empty variable is an absent one, whichever it is.

What cannot be read refuses to start, and names the variable. Whether a value is safe, `safe_values` says.
"""

import logging
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

from ospab_panel.redis_address import redis_url

YES, NO = {"1", "true", "yes", "on", "y", "ok"}, {"0", "false", "no", "off", "n"}
# NAME, or the file that NAME_FILE names.
given = FileAwareMapping()


def read(name: str) -> str:
    """The value, or "" where there is none. Editors and `echo` end a file with a line break, which is no part of it."""
    try:
        value: str = given[name]
    except KeyError:
        return ""
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"{name}_FILE names a file that cannot be read: {error}") from error
    return value.strip()


def text(name: str, default: str | None = None) -> str:
    """Raises ImproperlyConfigured where there is neither a value nor a default; so do those below."""
    value = read(name) or default
    if value is None:
        raise ImproperlyConfigured(f"{name} is missing: set it, as .env.example explains.")
    return value


def flag(name: str, default: bool) -> bool:
    value = read(name).lower()
    if value and value not in YES | NO:
        raise ImproperlyConfigured(f"{name} is yes or no: {value!r} is neither.")
    return value in YES if value else default


def number(name: str, default: int) -> int:
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise ImproperlyConfigured(f"{name} is a whole number from 0: {value!r} is none.")
    return int(value)


def words(name: str) -> list[str]:
    """What stands between the commas; empty where it is absent."""
    return [word for word in (part.strip() for part in read(name).split(",")) if word]


def checked(name: str, default: str, check: Callable[[str], object], wanted: str) -> str:
    """The text, if `check` does not fail with it."""
    value = text(name, default)
    try:
        check(value)
    except (ValueError, ZoneInfoNotFoundError, KeyError, OSError) as error:
        raise ImproperlyConfigured(f"{name} must be {wanted}: {value!r} is not.") from error
    return value


def time_zone(name: str) -> str:
    return checked(name, "UTC", ZoneInfo, "a time zone such as Europe/Moscow")


def log_level(name: str) -> str:
    return checked(
        name, "INFO", lambda level: logging.getLevelNamesMapping()[level.upper()], "a level of logging"
    ).upper()


def redis(name: str) -> str:
    return redis_url(name, text(name))


def database(name: str) -> dict[str, Any]:
    """As Django has it. Its sentences do not quote the address, which holds a password."""
    address = text(name)
    try:
        found: dict[str, Any] = environ.Env.db_url_config(address)
    except (ValueError, KeyError, ImproperlyConfigured):
        found = {}
    if found.get("ENGINE") != "django.db.backends.postgresql" or not found.get("NAME"):
        raise ImproperlyConfigured(f"{name} must be such as postgresql://user:password@host/name.")
    return found
