"""The time limit of `creating`: the main site says when a server is ready, and may never come to it. The sweeper calls it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from vps.db import clock
from vps.models import Vps

# Longer than the longest restore of a large template.
CREATING_LIMIT = timedelta(minutes=60)
CODE = "creating_timed_out"
AT_ONCE = 500


def signs() -> Iterator[Any]:
    """Queries that find something where `enforce` does (vps.db.signs)."""
    yield Vps.objects.creating_since_before(Now() - CREATING_LIMIT)


@transaction.atomic
def enforce() -> int:
    """Those that have been `creating` for too long are in `error`, until the main site says otherwise. Returns how many."""
    late = Vps.objects.creating_since_before(clock.now() - CREATING_LIMIT)
    vpses = Vps.objects.locked(late.values_list("id", flat=True)[:AT_ONCE], free_ones=True)
    still = [vps for vps in vpses if vps.status == Vps.Status.CREATING]
    Vps.objects.gave_up(still, CODE)
    return len(still)
