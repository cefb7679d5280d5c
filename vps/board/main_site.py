"""The main site's calls of a day: how many, by the hour, how many with an error, and how long they took."""

from datetime import UTC, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vps.board.section import Section, drawing, list_of
from vps.models import SyncCall

HOURS = 24


def facts(_user: Any) -> dict[str, Any]:
    first = timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    calls = SyncCall.objects.let_in().since(first)
    found = {row["hour"]: (row["calls"], row["bad"] or 0) for row in calls.by_hour()}
    counts = [found.get(first + timedelta(hours=hour), (0, 0)) for hour in range(HOURS)]
    return drawing(counts) | {
        "whole": sum(whole for whole, _bad in counts),
        "bad": sum(bad for _whole, bad in counts),
        "all": list_of("synccall"),
        "failed": f"{list_of('synccall', since=first.strftime('%Y-%m-%dT%H:%MZ'))}#section-4",
        **calls.took(),
    }


SECTION = Section("main_site", _("Calls of the main site"), ("vps.view_synccall",), facts)
