"""Numbers and ages, short, as columns of figures have them: for the templates of the staff's pages."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86400


@register.filter
def thin(number: int) -> str:
    """1 279, by spaces that are thin and do not break."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


@register.filter
def age(when: datetime | None) -> str:
    """How long ago that was, or how long it is until then: 34 min, 2 h 10 min, 3 d."""
    return "" if when is None else short(abs((timezone.now() - when).total_seconds()))


@register.filter
def short(seconds: float | None) -> str:
    """Two units at most, and of days one."""
    if seconds is None:
        return "—"
    if seconds < MINUTE:
        return _("%(seconds)s s") % {"seconds": round(seconds)}
    if seconds < HOUR:
        return _("%(minutes)s min") % {"minutes": int(seconds // MINUTE)}
    if seconds >= DAY:
        return _("%(days)s d") % {"days": thin(int(seconds // DAY))}
    minutes = int(seconds % HOUR // MINUTE)
    text = _("%(hours)s h %(minutes)s min") if minutes else _("%(hours)s h")
    return text % {"hours": int(seconds // HOUR), "minutes": minutes}
