"""Refuses to start on secrets that are none: missing, short, printed somewhere, simple, or one for two. For settings.py."""

import base64
from itertools import combinations, pairwise
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from ospab_panel.environment import text, words

# The key printed in the main site's published manuals: everybody knows it.
PLACEHOLDER_SYNC_KEY = "your_secret_api_key_here_min_32_chars_change_this"
PLACEHOLDER_MARKS = ("change_this", "change-this", "changeme", "django-insecure", "your_secret", "example")
SHORTEST = {"SECRET_KEY": 50, "JWT_SIGNING_KEY": 32, "VPS_SYNC_API_KEY": 32, "VPS_SYNC_API_KEY_OLD": 32}
# 32 characters at random, of only 16 that there are, have fewer than this once in a million times.
FEWEST_CHARACTERS = 8


def secret(name: str, *, demo: bool, default: str | None = None) -> str:
    """The secret `name`, fit to be one; ImproperlyConfigured names it otherwise."""
    value = text(name, default)
    if value == default:
        return value
    if len(value) < SHORTEST[name]:
        raise ImproperlyConfigured(f"{name} is too short: it needs {SHORTEST[name]} characters at least.")
    is_demo_key = demo and value == PLACEHOLDER_SYNC_KEY
    if not is_demo_key and any(mark in value.lower() for mark in PLACEHOLDER_MARKS):
        raise ImproperlyConfigured(f"{name} is a documented placeholder: generate one of your own.")
    if is_simple(value):
        raise ImproperlyConfigured(f"{name} can be guessed, for it repeats itself: generate one at random.")
    if not value.isascii() or not value.isprintable():
        raise ImproperlyConfigured(f"{name} must be of printable ASCII characters: no header carries others.")
    return value


def is_simple(value: str) -> bool:
    """Few different characters, one part again and again, or mostly a row such as abc, 321 or aaa."""
    in_a_row = sum(abs(ord(one) - ord(next)) <= 1 for one, next in pairwise(value))
    return len(set(value)) < FEWEST_CHARACTERS or period(value) <= len(value) // 2 or in_a_row > len(value) // 2


def period(value: str) -> int:
    """The length of the shortest part that makes up all of it, the last time perhaps not whole."""
    return next(length for length in range(1, len(value) + 1) if value.startswith(value[length:]))


def field_keys(name: str) -> list[str]:
    """Fernet keys, newest first: the first encrypts, all of them decrypt."""
    keys = words(name)
    try:
        for key in keys:
            Fernet(key)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a comma-separated list of Fernet keys.") from error
    if not keys:
        raise ImproperlyConfigured(f"{name} is missing: it needs one Fernet key at least.")
    if any(is_simple(base64.urlsafe_b64decode(key).decode("latin-1")) for key in keys):
        raise ImproperlyConfigured(f"{name} has a key that can be guessed, for it repeats itself: generate another.")
    return keys


def refuse_same(secrets: dict[str, str | list[str]]) -> None:
    """Who learns one secret must not hold another by it. Its sentences have the names, never the values."""
    held = [
        (name, one) for name, value in secrets.items() for one in ([value] if isinstance(value, str) else value) if one
    ]
    for (name, value), (other, another) in combinations(held, 2):
        if value == another and name == other:
            raise ImproperlyConfigured(f"{name} holds one key twice: each must be another.")
        if value == another:
            raise ImproperlyConfigured(f"{name} and {other} are the same: each must be a secret of its own.")


def password_in(address: str) -> str:
    """Before the host, or as an option behind the address. "" where the address is none: whoever reads it says so."""
    try:
        parts = urlsplit(address)
        password = parts.password
    except ValueError:
        return ""
    return unquote(password) if password else parse_qs(parts.query).get("password", [""])[0]
