"""Columns of the staff's lists that several of them have: for every admin."""

from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from web.errors import Sentence

NO_BREAK = "\N{NO-BREAK SPACE}"
EMPTY = "—"
Column = Callable[[Any], SafeString | str]


def short_moment(when: datetime | None, clock: str = "%H:%M") -> SafeString | str:
    """26 Nov, 14:20, on one line and in UTC, as all that staff read, and as its title says; the year where it is another."""
    if when is None:
        return EMPTY
    utc = when.astimezone(UTC)
    day = date_format(utc, _("j M") if utc.year == timezone.now().year else _("j M Y"))
    shown = f"{day}, {utc:{clock}}".replace(" ", NO_BREAK)
    return format_html('<span title="{} UTC">{}</span>', f"{utc:%Y-%m-%d %H:%M:%S}", shown)


def whole(text: Any) -> SafeString | str:
    """On one line, cut where its column ends; the title has all of it."""
    return format_html('<span title="{}">{}</span>', text, text) if text else EMPTY


def moment_column(field: str, title: Sentence) -> Column:
    """A column of when, by which the list can be sorted."""
    return column_of(field, title, short_moment)


def whole_column(field: str, title: Sentence, by: Any = None) -> Column:
    """A column of names or other words that may be long, by which the list can be sorted: where an index is of something
    else than the field, `by` that."""
    return column_of(field, title, whole, by)


def column_of(field: str, title: Sentence, shown: Callable[[Any], SafeString | str], by: Any = None) -> Column:
    value = attrgetter(field)

    def column(row: Any) -> SafeString | str:
        return shown(value(row))

    column.__name__ = field
    return admin.display(description=title, ordering=by or field)(column)  # type: ignore[arg-type]


def filled(sentence: Sentence, **values: Any) -> SafeString:
    """A sentence with these in its places, of which moments are shown as columns show them."""
    shown = {name: short_moment(value) if isinstance(value, datetime) else value for name, value in values.items()}
    return SafeString(conditional_escape(str(sentence)) % {name: conditional_escape(shown[name]) for name in shown})
