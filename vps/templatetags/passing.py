"""Time that passes while a page is open: page.js writes it and counts on, and without it there is nothing. For templates."""

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from web.time_spans import UNITS

register = template.Library()


@register.filter
def passing(since: datetime) -> SafeString:
    """How long it is since then: 48 s."""
    return format_html('<span data-since="{}"></span>', since.astimezone(UTC).isoformat())


@register.filter
def left(until: datetime) -> SafeString:
    """How long it is until then: 4 min 12 s, and 0 s once it has come."""
    return format_html('<span data-until="{}"></span>', until.astimezone(UTC).isoformat())


@register.filter
def exact(when: datetime) -> SafeString:
    """14:32:05, where moments a second apart stand side by side; in UTC without JavaScript."""
    utc = when.astimezone(UTC)
    return format_html('<time datetime="{}" data-exact>{} UTC</time>', utc.isoformat(), f"{utc:%H:%M:%S}")


@register.filter
def hour(when: datetime) -> SafeString:
    """14:32 of a day that is named above it."""
    utc = when.astimezone(UTC)
    return format_html('<time datetime="{}" data-hour>{}</time>', utc.isoformat(), f"{utc:%H:%M}")


@register.simple_tag
def units() -> str:
    """How spans are written, for page.js: each unit with a 0 where its number stands."""
    return "|".join(str(words) % {"number": 0} for _size, words in UNITS)
