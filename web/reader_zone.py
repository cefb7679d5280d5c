"""The zone that a reader's clock goes by, where a page has to know which day something was on. For views.

static/page.js names it in a cookie, for a browser tells it in no header; without it, days are those of UTC.
"""

import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _

COOKIE = "zone"
# Names of the zone database alone: what else could be a path.
NAME = re.compile(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9]+){0,6}")


def zone_of(request: HttpRequest) -> tzinfo:
    name = request.COOKIES.get(COOKIE, "")
    if not NAME.fullmatch(name):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return UTC


def day_in_words(when: datetime, zone: tzinfo, now: datetime) -> str:
    """Today, 26 November; 14 March 2025."""
    day, today = when.astimezone(zone).date(), now.astimezone(zone).date()
    written = date_format(day, "j E" if day.year == today.year else "j E Y")
    named = {0: _("Today"), 1: _("Yesterday")}.get((today - day).days)
    return f"{named}, {written}" if named else written
