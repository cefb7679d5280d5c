"""How long an operation usually takes is said from this panel's own, and of few nothing is said."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from vps.models import Operation
from vps.services.usual_time import usual_time


def done(vps: Any, count: int, seconds: float, **columns: Any) -> None:
    now = timezone.now()
    facts = {"vps": vps, "kind": "reboot", "state": "succeeded", "source": "page", "deadline_at": now} | columns
    began = now - timedelta(seconds=seconds)
    Operation.objects.bulk_create(Operation(**facts, created_at=began, finished_at=now) for _number in range(count))


def reboot(vps: Any) -> Operation:
    return Operation(vps=vps, kind="reboot")


@pytest.mark.parametrize(("seconds", "usual"), [(3, 10), (42, 50), (60, 60), (61, 120), (130, 180)])
def test_usual_time_is_what_nine_of_ten_took_rounded_up(alice: Any, make_vps: Any, seconds: float, usual: int) -> None:
    vps = make_vps(alice)
    done(vps, 19, seconds)
    done(vps, 1, 290)
    assert usual_time(reboot(vps)) == usual


def test_usual_time_of_few_or_of_other_kinds_or_of_failures_is_not_known(alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    done(vps, 19, 42)
    done(vps, 30, 42, kind="start")
    done(vps, 30, 42, is_forced=True)
    done(vps, 30, 42, state="failed", error_code="timed_out")
    assert usual_time(reboot(vps)) is None


def test_usual_time_is_computed_once_for_many_looks(alice: Any, make_vps: Any, django_assert_num_queries: Any) -> None:
    vps = make_vps(alice)
    for known in (None, 50):
        with django_assert_num_queries(1):
            assert usual_time(reboot(vps)) == known
        with django_assert_num_queries(0):
            assert usual_time(reboot(vps)) == known
        done(vps, 20, 42)
        cache.clear()
