"""A server's use over time: what is drawn, and the same figures as a table and as a file, which need no JavaScript."""

import csv
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.vps.use import keep_use
from vps import observations
from vps.views.graphs import TIMEFRAMES
from web.timestamps import rfc3339

GB, KB = 1024**3, 1024
NAMES = ("cpu", "ram_used", "ram_total", "disk_read", "disk_written", "net_in", "net_out")
GAP: dict[str, float | None] = dict.fromkeys(NAMES)
FIGURES = {
    "cpu": 0.126,
    "ram_used": 3.4 * GB,
    "ram_total": 8 * GB,
    "disk_read": 40 * KB,
    "disk_written": 119 * KB,
    "net_in": 700,
    "net_out": 2.5 * 1024 * KB,
}
BEGAN = int(datetime(2026, 3, 14, 13, 30, tzinfo=UTC).timestamp())


def observed(vps: Any, *figures: dict[str, float | None], timeframe: str = "hour", step: int = 60) -> None:
    points = [{"time": BEGAN + step * at} | one for at, one in enumerate(figures)]
    history = {"state": "ready", "points": points, "fetched_at": rfc3339(timezone.now())}
    observations.store_history(vps.placement.pk, timeframe, history)


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode().partition("</nav>")[2]).split())


def rows(answer: Any) -> list[list[str]]:
    """The cells of each row, as they are read."""
    found = re.findall(r"<tr>(.*?)</tr>", answer.content.decode(), re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in found]
    return [[re.sub(r"<[^>]*>", "", cell) for cell in row] for row in cells]


@pytest.fixture
def vps(alice: Any, make_vps: Any, bind: Any) -> Any:
    made = make_vps(alice, ram=8192)
    bind(made)
    return made


@pytest.fixture
def browser(as_user: Any, alice: Any) -> Any:
    return as_user(alice)


@pytest.mark.parametrize("timeframe", TIMEFRAMES)
def test_graphs_lead_to_every_timeframe_by_links_and_say_which_is_shown(browser: Any, vps: Any, timeframe: str) -> None:
    page = browser.get(f"/vps/{vps.pk}/graphs/?range={timeframe}").content.decode()
    for other in TIMEFRAMES:
        assert f'href="?range={other}"' in page
    assert re.findall(r'data-range="(\w+)" aria-current="true"', page) == [timeframe]
    assert f'href="?range={timeframe}&amp;view=table"' in page
    assert f'href="?range={timeframe}&amp;view=csv"' in page


@pytest.mark.parametrize("query", ["range=decade", "view=picture", "range=", "range=hour&view="])
def test_graphs_of_no_such_timeframe_or_view_are_404(browser: Any, vps: Any, query: str) -> None:
    assert browser.get(f"/vps/{vps.pk}/graphs/").status_code == 200
    assert browser.get(f"/vps/{vps.pk}/graphs/?{query}").status_code == 404


@pytest.mark.parametrize("view", ["graphs", "table", "csv"])
def test_graphs_of_somebody_elses_server_are_not_there(
    browser: Any, as_user: Any, bob: Any, vps: Any, view: str
) -> None:
    observed(vps, FIGURES)
    address = f"/vps/{vps.pk}/graphs/?view={view}"
    assert browser.get(address).status_code == 200
    assert as_user(bob).get(address).status_code == 404


def test_graphs_without_javascript_lead_to_the_table(browser: Any, vps: Any) -> None:
    page = browser.get(f"/vps/{vps.pk}/graphs/?range=week").content.decode()
    assert '<noscript><meta http-equiv="refresh" content="0; url=?range=week&amp;view=table"></noscript>' in page
    table = browser.get(f"/vps/{vps.pk}/graphs/?range=week&view=table").content.decode()
    assert 'http-equiv="refresh"' not in table
    assert "graphs.js" not in table


def test_graphs_name_each_plot_and_can_be_focused(browser: Any, vps: Any) -> None:
    page = browser.get(f"/vps/{vps.pk}/graphs/").content.decode()
    for name in ("cpu", "memory", "disk", "network"):
        assert re.search(rf'<div class="plot" tabindex="0" role="slider" aria-labelledby="graph-{name}"', page)
        assert f'id="graph-{name}"' in page


def test_graphs_say_of_how_much_the_memory_is_used(browser: Any, vps: Any) -> None:
    assert "used of 8 GB" in text(browser.get(f"/vps/{vps.pk}/graphs/"))
    keep_use(vps.placement, cpu=0.1, ram_used=GB, ram_total=4 * GB, uptime_s=9)
    assert "used of 4 GB" in text(browser.get(f"/vps/{vps.pk}/graphs/")), "what the guest has counts, not what was sold"


# The table


def test_table_of_figures_has_the_newest_first_below_the_peaks_in_units_that_fit(browser: Any, vps: Any) -> None:
    observed(vps, FIGURES | {"cpu": 0.6, "disk_read": 41 * KB}, FIGURES)
    head, peaks, last, first = rows(browser.get(f"/vps/{vps.pk}/graphs/?view=table"))
    columns = ["When", "CPU", "Memory", "Disk, written", "Disk, read", "Network, out", "Network, in"]
    assert head == columns
    assert peaks == ["Peak", "60%", "3.4 GB", "119 KB/s", "41 KB/s", "2.5 MB/s", "700 B/s"]
    assert last[1:] == ["13%", "3.4 GB", "119 KB/s", "40 KB/s", "2.5 MB/s", "700 B/s"]
    assert "13:31" in last[0]
    assert "13:30" in first[0]


def test_table_of_figures_is_written_as_russian_is(browser: Any, vps: Any) -> None:
    observed(vps, FIGURES)
    browser.post("/language/setlang/", {"language": "ru"})
    last = rows(browser.get(f"/vps/{vps.pk}/graphs/?view=table"))[-1]
    assert last[1:] == ["13 %", "3,4 ГБ", "119 КБ/с", "40 КБ/с", "2,5 МБ/с", "700 Б/с"]


def test_table_of_figures_has_a_dash_for_what_was_not_measured(browser: Any, vps: Any) -> None:
    observed(vps, FIGURES, GAP, FIGURES | {"disk_read": None})
    table = rows(browser.get(f"/vps/{vps.pk}/graphs/?view=table"))
    assert table[2][1:] == ["13%", "3.4 GB", "119 KB/s", "—", "2.5 MB/s", "700 B/s"]
    assert table[3][1:] == ["—"] * 6


@pytest.mark.parametrize(
    ("step", "words"), [(60, "an average over 1 min"), (1800, "an average over 30 min"), (21600, "an average over 6 h")]
)
def test_table_of_figures_and_graphs_say_what_a_point_is(browser: Any, vps: Any, step: int, words: str) -> None:
    """The hypervisor's archive has means alone, so a peak of these is not called a peak of the moment."""
    observed(vps, FIGURES, FIGURES, FIGURES, step=step)
    assert words in text(browser.get(f"/vps/{vps.pk}/graphs/?view=table"))
    assert words in browser.get(f"/vps/{vps.pk}/history/hour/").json()["mean"]


def test_table_of_figures_that_are_asked_for_says_so_and_looks_again(browser: Any, vps: Any) -> None:
    answer = browser.get(f"/vps/{vps.pk}/graphs/?view=table")
    assert "Asking the hypervisor…" in text(answer)
    assert answer["Refresh"] == "2"
    observed(vps, FIGURES)
    answer = browser.get(f"/vps/{vps.pk}/graphs/?view=table")
    assert "Refresh" not in answer
    assert "13%" in text(answer)


@pytest.mark.parametrize("view", ["graphs", "table"])
def test_graphs_of_what_was_never_measured_are_one_sentence(browser: Any, vps: Any, view: str) -> None:
    observed(vps, FIGURES)
    address = f"/vps/{vps.pk}/graphs/?view={view}"
    assert "No measurements for this time" not in text(browser.get(address)).partition("CPU")[0]
    observed(vps, GAP, GAP)
    answer = browser.get(address)
    assert "No measurements for this time" in text(answer)
    assert "<table" not in answer.content.decode()
    assert "Peak" not in text(answer)
    assert view == "table" or re.search(r'id="graphs" hidden', answer.content.decode())


def test_graphs_of_a_server_that_is_bound_to_nothing_are_one_sentence(browser: Any, alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    assert "No measurements for this time" in text(browser.get(f"/vps/{vps.pk}/graphs/"))


# The file


@pytest.mark.parametrize(
    ("language", "delimiter", "time", "cpu"), [("en", ",", "Time, UTC", "12.6"), ("ru", ";", "Время, UTC", "12,6")]
)
def test_csv_of_figures_is_opened_by_a_spreadsheet_of_the_readers_language(
    browser: Any, vps: Any, language: str, delimiter: str, time: str, cpu: str
) -> None:
    observed(vps, FIGURES | {"disk_read": 40960.4}, GAP)
    browser.post("/language/setlang/", {"language": language})
    answer = browser.get(f"/vps/{vps.pk}/graphs/?view=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="server-{vps.pk}-hour.csv"'
    head, first, gap = csv.reader(StringIO(answer.content.decode("utf-8-sig")), delimiter=delimiter)
    assert (len(head), head[0]) == (8, time)
    numbers = [str(round(3.4 * GB)), str(8 * GB), "121856", "40960", str(2560 * KB), "700"]
    assert first == ["2026-03-14 13:30:00", cpu, *numbers]
    assert gap == ["2026-03-14 13:31:00", *[""] * 7]


@pytest.mark.parametrize("figures", [None, GAP])
def test_csv_of_figures_that_are_not_there_leads_to_the_table_which_says_why(
    browser: Any, vps: Any, figures: dict[str, float | None] | None
) -> None:
    if figures:
        observed(vps, figures)
    answer = browser.get(f"/vps/{vps.pk}/graphs/?range=hour&view=csv")
    assert answer.status_code == 302
    assert answer["Location"] == f"/vps/{vps.pk}/graphs/?range=hour&view=table"


# What is drawn


def test_history_says_how_old_it_is_by_the_panels_clock_and_what_is_used_now(browser: Any, vps: Any) -> None:
    observed(vps, FIGURES)
    rates = {"disk_read": 1, "disk_written": 2, "net_in": 3, "net_out": None}
    used = {"cpu": 0.25, "ram_used": GB, "ram_total": 2 * GB}
    keep_use(vps.placement, uptime_s=9, rates=rates, **used)
    history = browser.get(f"/vps/{vps.pk}/history/hour/").json()
    assert 0 <= history["age_s"] < 60
    assert history["now"] == {"cpu": 0.25, "ram_used": GB} | rates
    keep_use(vps.placement, uptime_s=0, rates=rates, **used)
    assert browser.get(f"/vps/{vps.pk}/history/hour/").json()["now"] is None, "it is not running"


def test_history_of_nothing_but_gaps_is_unavailable(browser: Any, vps: Any) -> None:
    observed(vps, GAP, FIGURES)
    assert browser.get(f"/vps/{vps.pk}/history/hour/").json()["state"] == "ready"
    observed(vps, GAP, GAP)
    assert browser.get(f"/vps/{vps.pk}/history/hour/").json()["state"] == "unavailable"


def test_graphs_cost_the_same_queries_for_one_point_and_for_hundreds(browser: Any, vps: Any) -> None:
    costs = set()
    for figures in ([FIGURES], [FIGURES] * 400):
        observed(vps, *figures)
        for view in ("graphs", "table"):
            with CaptureQueriesContext(connection) as queries:
                browser.get(f"/vps/{vps.pk}/graphs/?view={view}")
            costs.add(len(queries))
    assert len(costs) == 1


def test_history_of_minutes_ago_stays_while_it_is_asked_for_anew(browser: Any, vps: Any) -> None:
    fetched_at = rfc3339(timezone.now() - timedelta(minutes=3))
    points = [{"time": BEGAN} | FIGURES]
    observations.store_history(vps.placement.pk, "hour", {"state": "ready", "points": points, "fetched_at": fetched_at})
    history = browser.get(f"/vps/{vps.pk}/history/hour/").json()
    assert history["state"] == "ready"
    assert 170 < history["age_s"] < 240
