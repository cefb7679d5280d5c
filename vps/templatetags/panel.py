"""Icons, badges, sizes and the buttons of a server: for the templates."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from vps import figures, operations
from vps.models import Operation, Placement, Vps
from vps.models.webhook_attempt import in_words
from vps.operations.verb import Verb
from vps.operations.verbs import verb_of, ways_out_of_failure
from web.errors import Sentence
from web.time_spans import span

register = template.Library()
register.filter(in_words)
for written in (figures.amount, figures.amount_of_mb, figures.grouped, figures.percent, span):
    register.filter(written)


@register.simple_tag
def buttons(vps: Vps) -> list[Verb]:
    """What to show, whether it can be pressed or not."""
    return operations.offered(vps)


@register.simple_tag
def why_off(vps: Vps) -> Sentence:
    """Why no button can be pressed, or ''."""
    refusal = operations.refusal(vps)
    return refusal.message if refusal else ""


@register.simple_tag
def ways_out(vps: Vps, operation: Operation) -> list[tuple[Verb, Sentence]]:
    """The buttons below a failure, with their words: those of its ways out that can be pressed now."""
    if why_off(vps):
        return []
    failed, offered = verb_of(operation), buttons(vps)
    ways = [verb for verb in ways_out_of_failure(operation) if verb in offered]
    return [(verb, verb.again if verb is failed else verb.label) for verb in ways]


@register.filter
def named(sentence: Sentence, name: str) -> str:
    """A verb's question, or what it says of its beginning, with the server's name in its place."""
    return str(sentence) % {"name": name}


class Pill(NamedTuple):
    """A state as pages draw it: an icon and a word on the tint of its tone."""

    tone: str
    icon: str
    label: Sentence
    is_seen: bool = True


@register.simple_tag
def pill(vps: Vps) -> Pill:
    """What is under way is said in its own word; programs read of it in the operation, and the state stays what was seen."""
    if operation := vps.open_operation:
        return Pill("busy", "loader-2", verb_of(operation).under_way)
    shown = vps.shown
    return Pill(shown.tone, shown.icon, shown.label, shown.is_seen)


@lru_cache
@register.simple_tag
def icon(name: str) -> SafeString:
    """One of the published icons, inline, so that it takes the colour of the text around it. In a page it needs no xmlns."""
    folder = "icons-filled" if name.endswith("-filled") else "icons"
    with staticfiles_storage.open(f"{folder}/{name.removesuffix('-filled')}.svg") as file:
        svg = file.read().decode()
    plain = svg.replace('xmlns="http://www.w3.org/2000/svg"', "", 1)
    return SafeString(plain.replace("<svg", '<svg aria-hidden="true"', 1))


@register.filter
def power_word(power: str) -> Sentence:
    """What the cluster says of a guest, in words."""
    return dict(Placement.Power.choices).get(power, power)


@register.filter
def share_of(part: float | None, whole: float | None) -> int | None:
    """Percent, for a bar, or None where either is not known."""
    return None if part is None or not whole else round(100 * part / whole)


@register.filter
def moment(when: datetime | None) -> SafeString | str:
    """20 November, 10:21 UTC; page.js writes it in the reader's own time, and says today and yesterday."""
    return time_tag(when, "")


@register.filter
def clock(when: datetime | None) -> SafeString | str:
    """For sentences in which no word for today fits: page.js leaves the day out where it is today."""
    return time_tag(when, " data-clock")


def time_tag(when: datetime | None, more: str) -> SafeString | str:
    if when is None:
        return "—"
    utc = when.astimezone(UTC)
    words = "j E, H:i" if utc.year == timezone.now().year else "j E Y, H:i"
    shown = f"{date_format(utc, words)} UTC"
    return format_html('<time datetime="{}"{}>{}</time>', utc.isoformat(), SafeString(more), shown)
