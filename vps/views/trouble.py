"""What stands between a server and its owner, in words: why nobody sees it, why it fails, what is still being done. For the
overview of a server; of a suspension, which says more, the template has its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from vps.errors import HypervisorUnavailable, IdentityMismatch, VpsMissing
from vps.models import Vps
from vps.models.shown import NOT_CONNECTED, PAUSED, UNKNOWN, why_unknown
from vps.operations import refusal
from web.errors import Sentence

# After this time whoever waits for a new server may want to ask.
LONG_IN_MAKING = timedelta(minutes=15)


@dataclass(frozen=True)
class Trouble:
    """`since` stands behind the title, where it is known. `is_under_way`: it passes by itself."""

    tone: str
    icon: str
    title: Sentence
    sentence: Sentence
    since: datetime | None = None
    is_under_way: bool = False
    is_for_support: bool = True


def trouble_of(vps: Vps, why_in_error: Sentence) -> Trouble | None:
    shown = vps.shown
    if shown.word == UNKNOWN:
        return unknown(vps, shown.since)
    if shown.word == NOT_CONNECTED:
        return Trouble("off", "plug-connected-x", shown.label, why_refused(vps))
    if shown.word == PAUSED:
        return paused(vps)
    if shown.word == Vps.Status.ERROR:
        return in_error(vps, why_in_error)
    return creating(vps) if shown.word == Vps.Status.CREATING else None


def unknown(vps: Vps, since: datetime | None) -> Trouble:
    titles = {
        VpsMissing.code: _("Not found on its hypervisor"),
        IdentityMismatch.code: _("Another machine is in its place"),
        HypervisorUnavailable.code: _("No contact with the hypervisor"),
    }
    reason = why_unknown(vps)
    if reason != HypervisorUnavailable.code:
        return Trouble("ask", "help-circle", titles[reason], why_refused(vps), since)
    if not refusal(vps) or vps.placement.doubted_since:
        return Trouble("ask", "help-circle", _("Its state is being checked"), before(vps), since, is_for_support=False)
    return Trouble("ask", "help-circle", titles[reason], f"{before(vps)} {why_refused(vps)}", since)


def before(vps: Vps) -> str:
    """Its status is what was seen last."""
    if vps.status == Vps.Status.RUNNING:
        return _("Before that it was running.")
    return _("Before that it was stopped.")


def paused(vps: Vps) -> Trouble:
    sentence = _("Power it off now and start it again. What is not saved is lost.")
    title, since = _("Paused on the hypervisor"), vps.placement.power_since
    return Trouble("ask", "player-pause", title, sentence, since, is_for_support=False)


def in_error(vps: Vps, why: Sentence) -> Trouble:
    """And why nothing can be asked of it, where that is so."""
    reason = why or _("Our staff see the reason.")
    sentence = f"{reason} {why_refused(vps)}".rstrip()
    return Trouble("fail", "alert-octagon", vps.shown.label, sentence)


def creating(vps: Vps) -> Trouble:
    """Since when it is so by the engine's own count."""
    is_long = timezone.now() - vps.updated_at > LONG_IN_MAKING
    sentence = _("It appears here by itself as soon as it is ready.")
    return Trouble("busy", "loader-2", vps.shown.label, sentence, vps.updated_at, True, is_long)


def why_refused(vps: Vps) -> Sentence:
    error = refusal(vps)
    return error.message if error else ""
