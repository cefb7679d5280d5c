"""The operations that were asked for within the hour, by outcome, how long they took, and how many wait for a worker."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.db.models.functions import Extract
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vps.board.section import Section, list_of
from vps.models import Operation
from vps.models.outcome import DONE, FAILED, OUTCOMES, OVERTAKEN, UNDER_WAY
from vps.models.sync_call import Percentile

# Units of the bar, which the page stretches, and of the gap between its pieces.
WIDTH, GAP = 1000, 6
# As the customer's pages colour them.
TONES = {DONE: "run", UNDER_WAY: "busy", FAILED: "fail", OVERTAKEN: "off"}


def facts(_user: Any) -> dict[str, Any]:
    now = timezone.now()
    since = now - timedelta(hours=1)
    counted = summed(since, now)
    whole = sum(counted[outcome] for outcome in OUTCOMES)
    rows = [row(outcome, counted[outcome], whole, since, now) for outcome in OUTCOMES]
    return {
        "whole": whole,
        "rows": rows,
        "width": WIDTH,
        "pieces": pieces(rows, whole),
        "half": counted["half"],
        "most": counted["most"],
        "waiting": counted["waiting"],
        "all": list_of("operation"),
        "queue": list_of("operation", state__exact=Operation.State.QUEUED),
    }


def summed(since: datetime, now: datetime) -> dict[str, Any]:
    """One query: whatever waits for a worker, whenever it was asked for, and all of the hour."""
    is_of_the_hour = Q(created_at__gte=since, created_at__lt=now)
    took = Extract(F("finished_at") - F("created_at"), "epoch")
    done = is_of_the_hour & Q(finished_at__isnull=False)
    found: dict[str, Any] = Operation.objects.filter(is_of_the_hour | Q(state=Operation.State.QUEUED)).aggregate(
        waiting=Count("pk", filter=Q(state=Operation.State.QUEUED)),
        half=Percentile(took, 0.5, filter=done),
        most=Percentile(took, 0.95, filter=done),
        **{outcome: Count("pk", filter=is_of_the_hour & rows) for outcome, (_label, rows) in OUTCOMES.items()},
    )
    return found


def row(outcome: str, count: int, whole: int, since: datetime, now: datetime) -> dict[str, Any]:
    chosen = {"outcome": outcome, "created_at__gte": since.isoformat(), "created_at__lt": now.isoformat()}
    return {
        "outcome": outcome,
        "label": OUTCOMES[outcome][0],
        "tone": TONES[outcome],
        "count": count,
        "share": count / whole if whole else None,
        "address": list_of("operation", **chosen),
    }


def pieces(rows: list[dict[str, Any]], whole: int) -> list[dict[str, Any]]:
    """The pieces of the bar, from the left, with a gap between: a part that is there is seen, however small."""
    there = [row for row in rows if row["count"]]
    least, room = WIDTH // 100, WIDTH - len(there) * (WIDTH // 100 + GAP) + GAP
    drawn, x = [], 0
    for row in there:
        width = least + room * row["count"] // whole
        drawn.append({"tone": row["tone"], "x": x, "width": width})
        x += width + GAP
    return drawn


SECTION = Section("operations", _("Operations of the hour"), ("vps.view_operation",), facts)
