"""Some rows of a server's activity, by day, and where the next ones begin. For the view beside it.

A page begins below a row, not after so many: what is new meanwhile moves nothing.
"""

from datetime import tzinfo
from itertools import groupby
from typing import Any

from django.utils import timezone

from vps.models import Event
from vps.views.entries import Entry, entries_of
from web.reader_zone import day_in_words

PAGE = 50
# Of an open page that is fetched anew, however much has happened since it was opened.
MOST = 500


def page_below(found: Any, before: int | None, reader: Any, zone: tzinfo) -> dict[str, Any]:
    """The newest, or the next below this row. `shown` counts those above, too."""
    rows: list[Event] = list(found.filter(pk__lt=before)[: PAGE + 1] if before else found[: PAGE + 1])
    entries = entries_of(rows[:PAGE], reader)
    last = entries[-1].id if entries else 0
    shown = found.filter(pk__gte=last).order_by().count() if before else len(entries)
    return {
        "days": by_day(entries, zone),
        "last": last,
        "shown": shown,
        "has_more": len(rows) > PAGE,
        "is_open_day": is_same_day(found, before, entries, zone),
    }


def page_down_to(found: Any, last: int, reader: Any, zone: tzinfo) -> dict[str, Any]:
    return {"days": by_day(entries_of(found.filter(pk__gte=last)[:MOST], reader), zone), "last": last}


def by_day(entries: list[Entry], zone: tzinfo) -> list[tuple[str, list[Entry]]]:
    now = timezone.now()
    return [(words, list(some)) for words, some in groupby(entries, lambda entry: day_in_words(entry.at, zone, now))]


def is_same_day(found: Any, before: int | None, entries: list[Entry], zone: tzinfo) -> bool:
    """Whether the first of these is of the day of the row above them, whose name stands there already."""
    above = found.filter(pk=before).values_list("created_at", flat=True).first() if before and entries else None
    return above is not None and above.astimezone(zone).date() == entries[0].at.astimezone(zone).date()
