"""What a row of the list says of its server beside the state, and what can be done with it: for templates."""

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from vps import operations
from vps.errors import HypervisorUnavailable, HypervisorUnsupported, IdentityMismatch, VpsMissing, VpsUnbound
from vps.models import Notice, Vps
from vps.models.shown import why_unknown
from vps.operations.verb import Verb
from vps.operations.verbs import VERBS, verb_of
from vps.templatetags.panel import clock
from web.errors import Sentence

register = template.Library()

WHY_UNSEEN: dict[str, Sentence] = {
    HypervisorUnavailable.code: _("No contact with the hypervisor since {when}. {before}"),
    VpsMissing.code: _("Not found on its hypervisor since {when}. Our staff already know"),
    IdentityMismatch.code: _("Another machine has been in its place since {when}. Our staff already know"),
    VpsUnbound.code: _("The panel does not see this server. Our staff already know"),
    HypervisorUnsupported.code: _("Servers of this kind cannot be controlled here"),
}
BEFORE: dict[str, Sentence] = {"running": _("Was running before"), "stopped": _("Was stopped before")}


@register.simple_tag
def why_unseen(vps: Vps) -> SafeString:
    """Of what is unknown or not connected, in a line: why, since when, and what it did before."""
    sentence = str(WHY_UNSEEN[why_unknown(vps)])
    return format_html(sentence, when=clock(vps.shown.since), before=BEFORE.get(vps.status, ""))


@register.simple_tag
def choices() -> list[Verb]:
    """What many servers can be asked for at once."""
    return [verb for verb in VERBS.values() if not verb.is_harsh]


@register.filter
def can_be(vps: Vps) -> str:
    """The names of what it can be asked for now, for list.js to count."""
    return " ".join(verb.name for verb in operations.pressable(vps) if not verb.is_harsh)


@register.filter
def address(text: str) -> SafeString:
    """An address of IPv6 is broken between its groups where it does not fit."""
    return mark_safe(escape(text).replace(":", ":<wbr>"))  # noqa: S308  escaped just now


@register.filter
def failed_words(notice: Notice) -> Sentence:
    """What failed, as it is said above the reason on the server's page."""
    return verb_of(notice.operation).failed


@register.filter
def part_of(part: float | None, whole: float | None) -> float | None:
    """Of 1, or None where either is not known."""
    return None if part is None or not whole else part / whole
