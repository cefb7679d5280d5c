"""The operations of the hour on the staff's first page."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

from django.utils import timezone

from tests.vps.admin.reading import rows, words
from vps.board import operations
from vps.models import Operation


def asked(vps: Any, *, minutes: float = 5, seconds: float = 11, **columns: Any) -> Operation:
    made = timezone.now() - timedelta(minutes=minutes)
    ended = {"state": "succeeded", "finished_at": made + timedelta(seconds=seconds)}
    where = {"vps": vps, "kind": "reboot", "source": "page", "deadline_at": made + timedelta(hours=9)}
    operation: Operation = Operation.objects.create(**where, created_at=made, **ended | columns)
    return operation


def of_the_hour(alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    for seconds in (10, 10, 20):
        asked(vps, seconds=seconds)
    asked(vps, state="failed", error_code="vps_busy", seconds=48)
    asked(vps, state="failed", error_code="superseded", seconds=2)
    asked(make_vps(alice), state="running", finished_at=None)
    asked(make_vps(alice), state="queued", finished_at=None)
    asked(make_vps(alice), state="queued", finished_at=None, minutes=90)
    asked(vps, minutes=61)


def test_operations_are_counted_by_outcome_and_lead_each_to_exactly_these(
    admin: Any, alice: Any, make_vps: Any
) -> None:
    of_the_hour(alice, make_vps)
    page = admin.get("/admin/").content.decode()
    found = re.findall(r'<a id="outcome-([\w-]+)" href="([^"]*)"[^>]*>(\d+)</a>', page)
    counts = {outcome: int(count) for outcome, _address, count in found}
    assert counts == {"done": 3, "under-way": 2, "failed": 1, "overtaken": 1}
    for outcome, address, count in found:
        assert len(rows(admin, address)) == int(count), outcome
    assert "7 were asked for" in words(page)
    assert "Failed 1 14%" in words(page) or "failed 1 14%" in words(page)


def test_operations_say_how_long_they_took_and_what_waits(admin: Any, alice: Any, make_vps: Any) -> None:
    of_the_hour(alice, make_vps)
    page = admin.get("/admin/").content.decode()
    assert "From the click to the outcome: half within 10 s, 95% within 42 s." in words(page)
    assert "2 wait for their turn" in words(page)
    [address] = re.findall(r'<a id="queue" href="([^"]*)"', page)
    assert len(rows(admin, unescape(address))) == 2


def test_operations_that_nobody_asked_for_have_no_bar_and_no_times(admin: Any) -> None:
    page = words(admin.get("/admin/").content.decode())
    assert "0 were asked for" in page
    assert "The queue is empty." in page
    assert "From the click" not in page


def test_pieces_fill_the_bar_and_show_what_is_small() -> None:
    rows = [{"tone": tone, "count": count} for tone, count in (("run", 996), ("busy", 0), ("fail", 3), ("off", 1))]
    pieces = operations.pieces(rows, 1000)
    assert [piece["tone"] for piece in pieces] == ["run", "fail", "off"]
    assert min(piece["width"] for piece in pieces) >= operations.WIDTH // 100
    end = pieces[-1]["x"] + pieces[-1]["width"]
    assert operations.WIDTH - 5 <= end <= operations.WIDTH
