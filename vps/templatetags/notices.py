"""What a reader was not told yet, and how it is said: for the templates of every page."""

from dataclasses import dataclass
from typing import Any

from django import template

from vps.models import Notice
from vps.operations import notice_words

register = template.Library()

# So many are shown at once, and so many are counted.
SHOWN, COUNTED = 3, 100
TONES = {
    Notice.Outcome.DONE: ("run", "circle-check"),
    Notice.Outcome.FAILED: ("fail", "alert-triangle"),
    Notice.Outcome.OVERTAKEN: ("off", "history"),
    Notice.Outcome.DELETED: ("off", "trash"),
}


@dataclass(frozen=True)
class News:
    shown: list[Notice]
    more: int = 0


@register.simple_tag
def unseen_notices(reader: Any) -> News:
    """The newest, in one query, and how many there are besides. Of whoever is not logged in there are none."""
    if not reader.is_authenticated:
        return News([])
    found = list(Notice.objects.unseen_by(reader)[:COUNTED])
    return News(found[:SHOWN], len(found[SHOWN:]))


@register.filter
def title_of(notice: Notice) -> str:
    return notice_words.title_of(notice)


@register.filter
def tone(notice: Notice) -> str:
    return TONES[Notice.Outcome(notice.outcome)][0]


@register.filter
def tone_icon(notice: Notice) -> str:
    return TONES[Notice.Outcome(notice.outcome)][1]


@register.filter
def is_readers(notice: Notice, reader: Any) -> bool:
    """Whether it is of a server whose page this reader may open: staff asked for things of others' too."""
    return bool(notice.vps and notice.vps.user_id == reader.pk)
