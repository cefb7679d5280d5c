"""How long notices are kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from vps.models import Notice
from vps.tasks import forget


@pytest.mark.parametrize(
    ("age", "seen_ago", "stays"), [(89, None, True), (91, None, False), (40, 29, True), (40, 31, False), (91, 1, False)]
)
def test_forget_keeps_what_is_new_for_90_days_and_what_was_seen_for_30(
    alice: Any, age: int, seen_ago: int | None, stays: bool
) -> None:
    now = timezone.now()
    seen_at = None if seen_ago is None else now - timedelta(days=seen_ago)
    Notice.objects.create(
        user=alice, vps_id=7, vps_name="shop", outcome="deleted", created_at=now - timedelta(days=age), seen_at=seen_at
    )
    forget()
    assert Notice.objects.exists() == stays
