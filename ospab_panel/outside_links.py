"""Addresses beside the panel's own that pages lead to, refused where they are none. For settings.py."""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from ospab_panel.environment import text


def web_address(name: str, default: str = "") -> str:
    """By http or https, with a host; or the default, where there is none. No script hides in a link."""
    address = text(name, default)
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"[\s\\]", address)
    except ValueError:
        is_one = False
    if address and not is_one:
        raise ImproperlyConfigured(f"{name} must be such as https://ospab.host/support: {address!r} is not.")
    return address
