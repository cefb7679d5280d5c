"""What a round has heard that guests use, kept as rounds keep it: for tests that look at it through a door."""

from typing import Any

from django.utils import timezone

from vps import observations
from vps.hypervisor.base import Usage
from vps.models import Placement
from vps.usage import COUNTERS


def keep_use(*placements: Placement, rates: dict[str, int | None] | None = None, **figures: Any) -> None:
    """The same of all these, which are of one cluster, and nothing of its others; `rates` in bytes a second."""
    now = timezone.now().timestamp()
    counters = dict.fromkeys(COUNTERS, 0) | (rates or {})
    before = (now - 1, (0,) * len(COUNTERS)) if rates else None
    use = now, tuple(Usage(**{**(counters if rates else {}), **figures})), before
    observations.store_usage(placements[0].cluster_id, {placement.pk: use for placement in placements})
