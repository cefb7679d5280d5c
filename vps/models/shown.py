"""What may honestly be said of a server's state: to people, to programs, and as a condition on rows. For Vps.

One that nobody sees, because it is bound to nothing or its hypervisor does not answer, is never said to run or to stand
still. It imports no model: Vps and Cluster import it.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from vps.drivers import has_driver
from vps.errors import HypervisorUnavailable, HypervisorUnsupported, IdentityMismatch, VpsMissing, VpsUnbound
from web.errors import Sentence
from web.openapi.shapes import moment, mostly_null, one_of, or_null
from web.timestamps import rfc3339

if TYPE_CHECKING:
    from vps.models.vps import Vps

# Three missed rounds of reconcile, with a margin: older than this is not news but memory.
FRESH_FOR = timedelta(seconds=45)

PAUSED, UNKNOWN, NOT_CONNECTED = "paused", "unknown", "not_connected"
# Beside the words of Vps.Status.
LABELS: dict[str, Sentence] = {PAUSED: _("Paused"), UNKNOWN: _("Unknown"), NOT_CONNECTED: _("Not connected")}
# How pages draw each word: the tone of its colour, and an icon, for colour alone says nothing to some.
DRAWN = {
    "creating": ("busy", "loader-2"),
    "running": ("run", "circle-check-filled"),
    "stopped": ("off", "square-filled"),
    "suspended": ("susp", "lock"),
    "error": ("fail", "alert-octagon"),
    PAUSED: ("ask", "player-pause"),
    UNKNOWN: ("ask", "help-circle"),
    NOT_CONNECTED: ("off", "plug-connected-x"),
}


class Shown:
    """A word to show and, where it is not fresh, since when. What nobody sees is never dressed up as something seen."""

    def __init__(self, word: str, label: Sentence, since: datetime | None = None) -> None:
        self.word, self.label, self.since = word, label, since
        self.tone, self.icon = DRAWN[word]

    @property
    def is_seen(self) -> bool:
        return self.word not in (UNKNOWN, NOT_CONNECTED)

    @classmethod
    def of(cls, vps: "Vps", now: datetime) -> "Shown":
        """The main site's word of creating, suspended and error; else what is seen of the guest."""
        if vps.status not in vps.OBSERVED:
            return cls(vps.status, dict(vps.Status.choices)[vps.status])
        placement = getattr(vps, "placement", None)
        if placement is None:
            return cls(NOT_CONNECTED, LABELS[NOT_CONNECTED])
        if since := placement.missing_since or placement.unknown_since(now):
            return cls(UNKNOWN, LABELS[UNKNOWN], since)
        return cls(placement.power, (LABELS | dict(vps.Status.choices))[placement.power])


def shown_as(word: str, now: Any) -> Q:
    """At a datetime, or at an expression of one: the rows that `Shown.of` has this word for."""
    is_observed = Q(status__in=("running", "stopped"))
    if word == NOT_CONNECTED:
        return is_observed & Q(placement__isnull=True)
    fresh = Q(placement__cluster__seen_at__gt=now - FRESH_FOR)
    certain = Q(placement__missing_since=None, placement__doubted_since=None)
    seen = fresh & certain & Q(placement__power__in=("running", "stopped", PAUSED))
    if word == UNKNOWN:
        return is_observed & Q(placement__isnull=False) & ~seen
    return is_observed & seen & Q(placement__power=word) if word in ("running", "stopped", PAUSED) else Q(status=word)


UNSEEN = (VpsUnbound, HypervisorUnsupported, VpsMissing, IdentityMismatch, HypervisorUnavailable)
WHY_UNKNOWN = [error.code for error in UNSEEN]


class ObservedShape(TypedDict):
    """What is seen of a server; `status` is the main site's word where nobody sees it."""

    power: Annotated[
        str | None,
        or_null(one_of("As seen on its hypervisor; null where nobody sees it.", ["running", "stopped", PAUSED])),
    ]
    since: Annotated[str | None, or_null(moment("Since when it is so, or is not known."))]
    reason: Annotated[str | None, mostly_null(one_of("Why it is not known.", WHY_UNKNOWN))]


def observed(vps: "Vps", now: datetime) -> ObservedShape:
    """For programs: `power` is null where it is not known, `reason` is then the code of why; `since` is of either."""
    placement = getattr(vps, "placement", None)
    unknown_since = placement and (placement.missing_since or placement.unknown_since(now))
    if placement is None or unknown_since:
        return {"power": None, "since": unknown_since and rfc3339(unknown_since), "reason": why_unknown(vps)}
    return {"power": placement.power, "since": rfc3339(placement.power_since), "reason": None}


def why_unknown(vps: "Vps") -> str:
    placement = getattr(vps, "placement", None)
    if placement is None:
        return VpsUnbound.code if has_driver(vps.hypervisor) else HypervisorUnsupported.code
    if placement.identity_mismatch:
        return IdentityMismatch.code
    return VpsMissing.code if placement.missing_since else HypervisorUnavailable.code
