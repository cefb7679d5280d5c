"""The main site's calls of a day on the staff's first page."""

import re
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.vps.admin.reading import rows, words
from vps.models import SyncCall


def called(times: int, *, hours: float = 0, **columns: Any) -> None:
    at = timezone.now() - timedelta(hours=hours)
    defaults = {"status": 200, "duration_ms": 18, "action": "update", "at": at}
    SyncCall.objects.bulk_create([SyncCall(**defaults | columns) for _number in range(times)])


def test_main_site_counts_a_day_of_calls_with_those_that_failed(admin: Any) -> None:
    called(1000)
    called(200, hours=3, duration_ms=64)
    called(7, hours=2, status=500, code="server_error")
    called(5, hours=2, operations=2, failed=1)
    called(50, hours=25)
    called(1, status=401, code="invalid_api_key", minute=timezone.now(), count=40)
    page = admin.get("/admin/").content.decode()
    assert "1\N{NARROW NO-BREAK SPACE}212</b> within a day" in page
    assert "12 with an error · usually 18 ms, 95% within 64 ms" in words(page)
    [address] = re.findall(r'<a id="failed-calls" class="[^"]*tone-fail" href="([^"]*)"', page)
    assert len(rows(admin, address)) == 12
    listed = admin.get(address.split("#")[0]).content.decode()
    assert re.search(r"Calls of the main site since .* UTC: 12\.", listed)


def test_main_site_draws_an_hour_a_bar_with_what_failed_in_red(admin: Any) -> None:
    called(10, hours=3)
    called(5, hours=2, status=500)
    page = admin.get("/admin/").content.decode()
    [drawn] = re.findall(r'<svg class="board-bars bars-calls".*?</svg>', page, re.DOTALL)
    assert drawn.count("<rect") == 2
    assert drawn.count('<rect class="bad"') == 1


def test_main_site_says_that_it_has_not_called(admin: Any) -> None:
    page = words(admin.get("/admin/").content.decode())
    assert "0 within a day The main site has not called." in page


def test_list_of_calls_shows_a_page_at_a_time_of_what_the_board_counts(admin: Any) -> None:
    called(60, status=404, code="vps_not_found")
    since = (timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%MZ")
    first = admin.get(f"/admin/vps/synccall/?since={since}").content.decode()
    assert first.count(">vps_not_found</td>") == 50
    assert "Page 1 of 2" in first
    [older] = re.findall(r'<a href="\?([^"]*)#section-4">Older</a>', first)
    last = admin.get(f"/admin/vps/synccall/?{older.replace('&amp;', '&')}").content.decode()
    assert last.count(">vps_not_found</td>") == 10
    assert ">Newer</a>" in last


def test_list_of_calls_takes_no_moment_that_is_none(admin: Any) -> None:
    called(1, hours=30, status=404, code="vps_not_found")
    for since in ("yesterday", "2026-13-45T00:00Z", "2026-01-01T00:00"):
        assert "vps_not_found" in admin.get(f"/admin/vps/synccall/?since={since}").content.decode()
