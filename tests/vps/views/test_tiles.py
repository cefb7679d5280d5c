"""The four tiles of a server's first page: what it uses now, and its last hour as it was heard."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils import timezone, translation

from tests.vps.conftest import bells
from vps import observations
from vps.services import metrics
from vps.views import tiles
from web.timestamps import rfc3339

GB, KB = 1024**3, 1024
# Before the words beside a figure.
WORDS = '<span class="d-inline-block fs-4 fw-normal muted">'
RATES = {"disk_read": 40 * KB, "disk_written": 119 * KB, "net_in": 96 * KB, "net_out": 122 * KB}
USAGE = {
    "cpu": 0.07,
    "ram": {"used": 3.6 * GB, "total": 8 * GB},
    "disk": {"used": None, "total": 100 * GB},
    "rates": RATES,
    "uptime_s": 93600,
}
ABSENT = dict.fromkeys(("cpu", "ram_used", "ram_total", *RATES))


def point(at: int, **figures: float | None) -> dict[str, Any]:
    return {"time": at} | ABSENT | figures


def observed(vps: Any, points: list[dict[str, Any]], ago: timedelta = timedelta(0)) -> None:
    history = {"state": "ready", "points": points, "fetched_at": rfc3339(timezone.now() - ago)}
    observations.store_history(vps.placement.pk, "hour", history)


def drawn(vps: Any, language: str = "en", **usage: Any) -> str:
    """The tiles as they are read, and their lines."""
    with translation.override(language):
        html = render_to_string("vps/server/_tiles.html", tiles.of(vps, USAGE | usage))
    return " ".join(html.split())


@pytest.fixture
def vps(alice: Any, make_vps: Any, bind: Any) -> Any:
    made = make_vps(alice, cpu=4)
    bind(made)
    return made


def test_tiles_say_what_is_used_now_and_the_peak_of_the_hour(vps: Any) -> None:
    observed(vps, [point(0, cpu=0.34, ram_used=3.9 * GB), point(60, cpu=0.1, ram_used=3 * GB)])
    page = drawn(vps, "ru")
    for words in (
        f"7 % {WORDS}из 4 ядер</span>",
        "макс. за час 34 %",
        f"3,6 {WORDS}из 8 ГБ</span>",
        "макс. за час 3,9 ГБ",
        f"119 {WORDS}КБ/с пишет</span>",
        "читает 40 КБ/с",
        f"122 {WORDS}КБ/с отдаёт</span>",
        "принимает 96 КБ/с",
    ):
        assert words in page
    assert f"7% {WORDS}of 4 cores</span>" in drawn(vps)
    assert "1 h peak 34%" in drawn(vps)


def test_tiles_show_how_full_a_disk_is_where_that_is_known(vps: Any) -> None:
    page = drawn(vps, disk={"used": 91 * GB, "total": 100 * GB})
    assert f'<div class="tile-value h1 tone-ask">91 {WORDS}of 100 GB</span>' in page
    assert "writes 119 KB/s, reads 40 KB/s" in page


def test_tiles_mark_a_use_of_more_than_85_percent_and_no_other(vps: Any) -> None:
    assert drawn(vps).count("tone-ask") == 0
    assert drawn(vps, cpu=0.85).count("tone-ask") == 0
    assert drawn(vps, cpu=0.86, ram={"used": 7 * GB, "total": 8 * GB}).count("tone-ask") == 2


def test_tiles_of_what_nobody_has_said_have_a_dash_and_no_zero(vps: Any) -> None:
    page = drawn(vps, cpu=None, ram={"used": None, "total": None}, rates=dict.fromkeys(RATES))
    assert page.count('<div class="tile-value h1">—') == 4
    assert "0%" not in page


@pytest.mark.django_db(transaction=True)
def test_tiles_show_their_number_alone_where_the_hour_was_not_heard_and_ask_for_it(vps: Any) -> None:
    bells()
    page = drawn(vps)
    assert "7%" in page
    assert "peak" not in page
    assert "<svg" not in page
    assert bells() == [("vps.fetch_history", vps.pk, "hour")]


@pytest.mark.django_db(transaction=True)
def test_tiles_show_the_hour_of_some_minutes_ago_while_it_is_asked_for_anew(vps: Any) -> None:
    """Else the lines would vanish every minute from a page that is looked at."""
    observed(vps, [point(0, cpu=0.34), point(60, cpu=0.1)], ago=timedelta(seconds=10))
    bells()
    assert "1 h peak 34%" in drawn(vps)
    assert bells() == []
    observed(vps, [point(0, cpu=0.34), point(60, cpu=0.1)], ago=timedelta(minutes=2))
    assert "1 h peak 34%" in drawn(vps)
    assert bells() == [("vps.fetch_history", vps.pk, "hour")]
    assert metrics.history(vps, "hour")["state"] == "ready"


def test_history_that_is_none_is_asked_for_again_sooner_than_one_that_is_shown_meanwhile(vps: Any) -> None:
    """A hypervisor that was silent for a moment would else leave the page without graphs for ten."""
    kept = {}
    for points in ([], [point(0, cpu=0.3)]):
        observations.store_history(vps.placement.pk, "hour", {"state": "ready", "points": points})
        key = cache.make_key(f"history-of:{vps.placement.pk}:hour")
        kept[len(points)] = cache._cache.get_client().ttl(key)
    assert 0 < kept[0] <= 60 < kept[1]


def test_tiles_leave_a_gap_where_nothing_was_measured(vps: Any) -> None:
    observed(vps, [point(60 * at, cpu=None if at == 2 else 0.5) for at in range(5)])
    line = drawn(vps).partition('class="first" d="')[2].partition('"')[0]
    assert line == "M0 24L60 24M180 24L240 24"


def test_tiles_draw_both_rates_by_one_measure(vps: Any) -> None:
    observed(vps, [point(60 * at, net_out=200 * KB, net_in=100 * KB) for at in range(2)])
    page = drawn(vps)
    assert page.count("<svg") == 1
    first, second = (page.partition(f'class="{name}" d="M0 ')[2].partition("L")[0] for name in ("first", "second"))
    assert 0 < float(first) < float(second) < 48


@pytest.mark.parametrize(
    ("power", "why"),
    [
        ("running", "No measurements in the last minute."),
        ("stopped", "The server is not running, so it uses nothing now."),
        ("unknown", "The load is not known: the panel does not see the server now."),
    ],
)
def test_tiles_give_way_to_why_there_are_none(alice: Any, make_vps: Any, bind: Any, power: str, why: str) -> None:
    vps = make_vps(alice, status="running")
    bind(vps, power=power, power_since=timezone.now())
    assert tiles.of(vps, USAGE if power != "running" else USAGE | {"uptime_s": 0})["tiles"] == []
    with translation.override("en"):
        page = render_to_string("vps/server/_tiles.html", tiles.of(vps, None) | {"vps": vps})
    assert why in page
    assert f'href="/vps/{vps.pk}/graphs/"' in page


def test_tiles_of_a_server_that_is_bound_to_nothing_say_nothing(alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice, status="creating")
    assert render_to_string("vps/server/_tiles.html", tiles.of(vps, None) | {"vps": vps}).strip() == ""
