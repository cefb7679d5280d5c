"""Why a server is suspended, since when and what comes after, in words for its customer: for the templates."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from vps.errors import VpsSuspended
from vps.models import Suspension, Vps
from web.errors import Sentence

register = template.Library()

Reason = Suspension.Reason
TITLES: dict[str, Sentence] = {
    Reason.UNPAID: _("Suspended since {day}: unpaid"),
    Reason.ABUSE: _("Suspended since {day}: rules broken"),
    Reason.STAFF: _("Suspended by our staff since {day}"),
    Reason.OTHER: _("Suspended since {day}"),
}
IN_SHORT: dict[str, Sentence] = {
    Reason.UNPAID: _("Unpaid since {day}. Data is kept."),
    Reason.ABUSE: _("Rules broken, suspended since {day}. Data is kept."),
    Reason.STAFF: _("Suspended by our staff since {day}. Data is kept."),
    Reason.OTHER: _("Suspended since {day}. Data is kept."),
}
STARTS_WHEN_PAID = _("It starts by itself once paid.")
STARTS_AT_THE_END = _("It starts by itself once the suspension ends.")
YOURS_WHEN_PAID = _("You can control it again once it is paid.")
YOURS_AT_THE_END = _("You can control it again once the suspension ends.")


@register.filter
def title(suspension: Suspension) -> SafeString | Sentence:
    """Of its card on the server's page."""
    if suspension.since is None:
        return Vps.Status.SUSPENDED.label
    return format_html(str(TITLES[suspension.reason or Reason.OTHER]), day=day(suspension.since))


@register.filter
def in_short(suspension: Suspension) -> SafeString | Sentence:
    """In a line of the list. Where no reason was given, the customer is told what it mostly is."""
    if suspension.since is None or not suspension.reason:
        return VpsSuspended.message
    return format_html(str(IN_SHORT[suspension.reason]), day=day(suspension.since))


@register.filter
def what_comes_after(suspension: Suspension) -> Sentence:
    """Whether the panel starts it then."""
    is_paid_for = suspension.reason == Reason.UNPAID
    if suspension.is_owed:
        return STARTS_WHEN_PAID if is_paid_for else STARTS_AT_THE_END
    return YOURS_WHEN_PAID if is_paid_for else YOURS_AT_THE_END


@register.filter
def host(address: str) -> str:
    """Whose page a link leads to."""
    return urlsplit(address).hostname or ""


@register.filter
def day(when: datetime) -> SafeString:
    """24 November, and the year where it is another; page.js writes it in the reader's own time."""
    utc = when.astimezone(UTC)
    is_this_year = utc.year == timezone.now().year
    shown = date_format(utc, "j E" if is_this_year else "j E Y")
    return format_html('<time datetime="{}" data-day>{}</time>', utc.isoformat(), shown)
