"""What the pages of accounts show: two letters for a login, how long somebody is locked out: for the templates."""

import re
from urllib.parse import urlsplit

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def initials(login: str) -> str:
    """AP of anna.petrova, AL of alice."""
    parts = re.findall(r"[^\W_]+", login)
    first, second = parts[0] if parts else login, parts[1] if len(parts) > 1 else ""
    return (first[:1] + second[:1] if second else first[:2]).upper()


@register.simple_tag
def countdown(seconds: int, then: str) -> SafeString:
    """14:32 and less by the second; page.js counts, and goes to `then` at its end."""
    shown = f"{seconds // 60}:{seconds % 60:02}"
    return format_html('<span data-left="{}" data-then="{}">{}</span>', seconds, then, shown)


@register.filter
def host_of(address: str) -> str:
    """Whose site a link leads to."""
    return urlsplit(address).hostname or ""
