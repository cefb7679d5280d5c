"""Icons, badges, sizes and the buttons of a server: for the templates."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vps import figures, operations
from vps.models import Event, Operation, Placement, Vps
from vps.models.shown import Shown
from vps.models.webhook_attempt import in_words
from vps.models.who import STAFF
from vps.operations.verb import Verb
from vps.operations.verbs import VERBS, verb_of
from web.errors import Sentence
from web.time_spans import span

register = template.Library()
register.filter(in_words)
for written in (figures.amount, figures.amount_of_mb, figures.measured, figures.rate, figures.percent, span):
    register.filter(written)

COLOURS = {
    "creating": "blue",
    "running": "green",
    "stopped": "secondary",
    "suspended": "purple",
    "error": "red",
    "paused": "yellow",
    "unknown": "orange",
    "not_connected": "secondary",
    "succeeded": "green",
    "failed": "red",
}
# Who asked where nobody is named, by the source: as customers read it.
UNNAMED: dict[str, Sentence] = {Event.Source.SYNC: _("the main site"), Event.Source.SYSTEM: _("the panel itself")}
OUTCOMES = {"succeeded": _("Done"), "failed": _("Failed")}


@register.simple_tag
def buttons(vps: Vps) -> list[Verb]:
    """What to show. Behind an operation that hangs nobody is locked: it can be overtaken by force.

    Where `why_off` has a reason they are shown all the same, and cannot be pressed. A guest that was just bound, and not
    asked yet, is taken to be what the main site says. What the driver cannot do is not offered, and nothing is of a server
    that is bound to nothing, being created or suspended: what is to be done there is no button of power.
    """
    return [verb for verb in fitting(vps) if operations.is_possible(vps, verb)]


def fitting(vps: Vps) -> list[Verb]:
    if vps.status in (Vps.Status.CREATING, Vps.Status.SUSPENDED) or not hasattr(vps, "placement"):
        return []
    if why_off(vps):
        return offered_when(vps.status)
    if operation := vps.open_operation:
        return [verb for verb in VERBS.values() if verb.may_overtake and not verb_of(operation).may_overtake]
    return offered_when(vps.shown.word) or offered_when(vps.status)


def offered_when(word: str) -> list[Verb]:
    return [verb for verb in VERBS.values() if word in verb.offered_when]


@register.simple_tag
def why_off(vps: Vps) -> Sentence:
    """Why no button can be pressed, or ''."""
    refusal = operations.refusal(vps)
    return refusal.message if refusal else ""


@register.filter
def named(sentence: Sentence, name: str) -> str:
    """A verb's question, or what it says of its beginning, with the server's name in its place."""
    return str(sentence) % {"name": name}


@register.filter
def badge(shown: Shown) -> SafeString:
    """What nobody sees has a broken edge: its colour alone is told apart by few."""
    return coloured(shown.word, shown.label, "" if shown.is_seen else " unseen")


@register.filter
def asked_by(operation: Operation, reader: Any) -> Sentence:
    """Who asked for it, as far as this reader is told. What the main site passes on, it says of whom itself."""
    name = operation.asked_by(reader)
    if name and operation.source == Event.Source.SYNC:
        return gettext("%(name)s, on the main site") % {"name": name}
    return (
        _("staff") if name == STAFF and reader != operation.requested_by else name or UNNAMED.get(operation.source, "—")
    )


@register.filter
def outcome(operation: Operation) -> SafeString:
    """How it ended."""
    return coloured(operation.state, OUTCOMES[operation.state])


def coloured(word: str, label: Sentence, more: str = "") -> SafeString:
    return format_html('<span class="badge bg-{}-lt{}">{}</span>', COLOURS[word], more, label)


@lru_cache
@register.simple_tag
def icon(name: str) -> SafeString:
    """One of the published icons, inline, so that it takes the colour of the text around it."""
    with staticfiles_storage.open(f"icons/{name}.svg") as file:
        svg = file.read().decode()
    return SafeString(svg.replace("<svg", '<svg aria-hidden="true"', 1))


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
    """In UTC where there is no JavaScript; live.js writes it in the reader's own time."""
    if when is None:
        return "—"
    utc = when.astimezone(UTC)
    return format_html('<time datetime="{}">{} UTC</time>', utc.isoformat(), utc.strftime("%Y-%m-%d %H:%M"))
