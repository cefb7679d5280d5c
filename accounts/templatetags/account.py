"""How somebody is shown where there is room for two letters: for the templates."""

import re

from django import template

register = template.Library()


@register.filter
def initials(login: str) -> str:
    """AP of anna.petrova, AL of alice."""
    parts = re.findall(r"[^\W_]+", login)
    first, second = parts[0] if parts else login, parts[1] if len(parts) > 1 else ""
    return (first[:1] + second[:1] if second else first[:2]).upper()
