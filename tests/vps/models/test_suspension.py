"""Which suspensions are not enforced yet: what staff are told of."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from vps.models import Placement, Suspension, Vps

LONG_AGO = timedelta(hours=1)


@pytest.fixture
def stopped(make_vps: Any, alice: Any, bind: Any) -> Vps:
    """Suspended an hour ago, to be stopped, and seen stopped."""
    vps: Vps = make_vps(alice, status="suspended")
    bind(vps, power="stopped")
    Suspension.objects.create(vps=vps, power="stop", since=timezone.now() - LONG_AGO)
    return vps


def unenforced() -> list[int]:
    rows = Suspension.objects.unenforced(timezone.now() - timedelta(minutes=10))
    return list(rows.values_list("vps_id", flat=True))


def test_unenforced_leaves_out_what_is_seen_stopped(stopped: Vps) -> None:
    assert unenforced() == []


@pytest.mark.parametrize(
    "how",
    [
        {"power": "running"},
        {"power": "paused"},
        {"power": "unknown"},
        {"missing_since": "2026-01-01T00:00Z"},
        {"doubted_since": "2026-01-01T00:00Z"},
        {"identity_mismatch": "another"},
    ],
)
def test_unenforced_has_what_is_not_seen_stopped(stopped: Vps, how: Any) -> None:
    Placement.objects.update(**how)
    assert unenforced() == [stopped.pk]
    Suspension.objects.update(since=timezone.now())
    assert unenforced() == [], "it has its time"


def test_unenforced_has_what_nobody_hears_of(stopped: Vps, cluster: Any) -> None:
    type(cluster).objects.update(seen_at=timezone.now() - LONG_AGO)
    assert unenforced() == [stopped.pk]
    Placement.objects.all().delete()
    assert unenforced() == [stopped.pk]


@pytest.mark.parametrize("how", [{"power": "keep"}, {"ended_at": "2026-01-01T00:00Z"}])
def test_unenforced_leaves_out_what_is_not_to_be_stopped(stopped: Vps, how: Any) -> None:
    Placement.objects.update(power="running")
    Suspension.objects.update(**how)
    assert unenforced() == []
