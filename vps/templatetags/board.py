"""Numbers and ages, short, as columns of figures have them: for the templates of the staff's pages."""

from datetime import datetime

from django import template
from django.utils import timezone

from web.time_spans import DAY, MINUTE, span

NO_BREAK = "\N{NO-BREAK SPACE}"

register = template.Library()


@register.filter
def thin(number: int) -> str:
    """1 279, by spaces that are thin and do not break."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


@register.filter
def age(when: datetime | None) -> str:
    """How long ago that was, or how long it is until then: 34 min, 2 h 10 min, 3 d. Nobody reads the seconds of an hour."""
    if when is None:
        return ""
    seconds = abs((timezone.now() - when).total_seconds())
    unit = DAY if seconds >= DAY else MINUTE if seconds >= MINUTE else 1
    return briefly(seconds // unit * unit)


@register.filter
def briefly(seconds: float | None) -> str:
    """On one line."""
    return span(seconds).replace(" ", NO_BREAK)
