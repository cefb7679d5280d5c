"""The activity of a server: what happened to it, by day, with who asked, from where and what became of it."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.conftest import Make
from vps.models import Event, Operation
from web.spreadsheet import BOM


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def read(browser: Any, vps: Any, query: str = "", **headers: str) -> Any:
    return browser.get(f"/vps/{vps.pk}/activity/{query}", headers=headers)


@pytest.mark.parametrize(
    ("columns", "outcome", "by", "who"),
    [
        ({"state": "succeeded"}, "Done in 42 s", "alice", "You From the panel"),
        ({"state": "succeeded", "source": "api"}, "Done in 42 s", "alice", "You Through the API"),
        ({"state": "succeeded", "source": "sync"}, "Done in 42 s", "alice", "You On the main site"),
        ({"state": "succeeded", "source": "sync"}, "Done in 42 s", None, "The main site"),
        ({"state": "succeeded", "source": "system"}, "Done in 42 s", None, "The panel"),
        (
            {"state": "failed", "error_code": "vps_busy", "source": "admin"},
            "Failed: the server was busy",
            "carol",
            "Our staff",
        ),
        ({"state": "failed", "error_code": "superseded"}, "It was overtaken by", "alice", "You From the panel"),
        (
            {"state": "running", "step": "working"},
            "Under way: the hypervisor is working",
            "alice",
            "You From the panel",
        ),
    ],
)
def test_activity_says_of_an_operation_how_it_ended_who_asked_and_from_where(
    request: Any, as_user: Any, alice: Any, make_vps: Any, asked: Make, columns: Any, outcome: str, by: str, who: str
) -> None:
    vps = make_vps(alice)
    asked(vps, by=by and request.getfixturevalue(by), **columns)
    page = text(read(as_user(alice), vps).content.decode())
    assert re.search(rf"Reboot (?:&quot;)?{outcome}.*? {who} ", page)


def record(vps: Any, type: str, **data: Any) -> None:
    Event.objects.record(type, vps, source="sync", **data)


SUSPENDED = {"reason": "unpaid", "message": "Bill <b>7</b>", "pay_url": None, "power": "stop", "since": None}


@pytest.mark.parametrize(
    ("type", "data", "line"),
    [
        ("vps.created", {"status": "creating"}, "Server created"),
        ("vps.updated", {"changed": ["disk", "ram"]}, "Size changed The main site"),
        ("vps.updated", {"changed": ["name", "ip_address"]}, "Name changed. Address changed"),
        (
            "vps.updated",
            {"changed": ["status", "suspension"], "suspension": SUSPENDED},
            "Suspended Unpaid. Bill &lt;b&gt;7",
        ),
        ("vps.updated", {"changed": ["status", "suspension"], "suspension": None}, "Suspension ended"),
        ("vps.status_changed", {"was": "running", "status": "stopped"}, "Seen stopped Not by a command from the panel"),
        (
            "vps.status_changed",
            {"status": "error", "code": "creating_timed_out"},
            "Error The server was not created in time",
        ),
        ("vps.mistaken", {"found": "uuid-of-another"}, "Another machine found in its place"),
    ],
)
def test_activity_tells_what_happened_to_the_server_in_words(
    as_user: Any, alice: Any, make_vps: Any, type: str, data: dict[str, Any], line: str
) -> None:
    vps = make_vps(alice)
    record(vps, type, **data)
    page = text(read(as_user(alice), vps).content.decode())
    assert line in page
    assert "uuid-of-another" not in page


def test_activity_tells_no_event_that_an_operation_or_nothing_stands_for(
    as_user: Any, alice: Any, make_vps: Any, asked: Make
) -> None:
    vps = make_vps(alice)
    operation = asked(vps, by=alice, state="succeeded")
    record(vps, "operation.succeeded", operation=operation, kind="reboot")
    record(vps, "vps.status_changed", operation=operation, was="running", status="stopped")
    record(vps, "vps.updated", changed=["hypervisor", "status"])
    assert "1 of 1" in text(read(as_user(alice), vps).content.decode())


def test_activity_shows_nothing_of_the_time_when_it_was_anothers(
    as_user: Any, alice: Any, bob: Any, make_vps: Any, asked: Make
) -> None:
    vps = make_vps(bob)
    asked(vps, "stop", bob, state="succeeded")
    type(vps).objects.update(user=alice)
    vps.refresh_from_db()
    record(vps, "vps.updated", changed=["user_id"])
    page = text(read(as_user(alice), vps).content.decode())
    assert "Handed over to you" in page
    assert "1 of 1" in page


def test_activity_is_filtered_by_chips_with_their_counts(as_user: Any, alice: Any, make_vps: Any, asked: Make) -> None:
    vps, browser = make_vps(alice), as_user(alice)
    record(vps, "vps.created", status="running")
    assert "Failed" not in text(read(browser, vps).content.decode())
    asked(vps, by=alice, state="succeeded")
    asked(vps, by=alice, state="failed", error_code="superseded")
    asked(vps, "start", alice, state="failed", error_code="vps_busy")
    page = read(browser, vps, "?kind=failed").content.decode()
    assert [text(chip) for chip in re.findall(r'<a class="chip".*?</a>', page)] == [
        "All 4",
        "Power 3",
        "Changes 1",
        "Failed 1",
    ]
    assert 'href="?kind=failed" aria-current="true"' in page
    assert "1 of 1" in text(page)
    assert read(browser, vps, "?kind=none").status_code == 404


def many(vps: Any, count: int) -> None:
    """That many reboots, one an hour, the newest now."""
    now = timezone.now()
    operations = Operation.objects.bulk_create(
        Operation(
            vps=vps,
            kind="reboot",
            state="succeeded",
            source="page",
            deadline_at=now,
            finished_at=now,
            requested_by=vps.user,
        )
        for _number in range(count)
    )
    Event.objects.bulk_create(
        Event(type="operation.queued", vps=vps, user=vps.user, by=vps.user, source="page", operation=operation,
              created_at=now - timedelta(hours=count - number))
        for number, operation in enumerate(operations)
    )  # fmt: skip


def test_activity_goes_on_below_its_last_row_with_and_without_javascript(
    as_user: Any, alice: Any, make_vps: Any
) -> None:
    vps, browser = make_vps(alice), as_user(alice)
    many(vps, 60)
    first = read(browser, vps).content.decode()
    assert first.count('<td class="hour"') == 50
    assert "50 of 60" in text(first)
    more = re.search(r'id="show-more" href="([^"]+)"', first)
    assert more is not None
    address = more[1].replace("&amp;", "&")
    page = browser.get(address).content.decode()
    rest = browser.get(address, headers={"hx-request": "true"}).content.decode()
    for answer in (page, rest):
        assert answer.count('<td class="hour"') == 10
        assert "60 of 60" in text(answer)
        assert "show-more" not in answer
    assert "To the newest" in page
    assert "<html" not in rest
    assert "To the newest" not in rest


def test_activity_of_an_open_page_is_fetched_down_to_its_last_row(
    as_user: Any, alice: Any, make_vps: Any, asked: Make
) -> None:
    vps, browser = make_vps(alice), as_user(alice)
    many(vps, 60)
    again = re.search(r'id="activity-rows".*?hx-get="([^"]+)"', read(browser, vps).content.decode())
    assert again is not None
    asked(vps, "stop", alice)
    answer = browser.get(again[1].replace("&amp;", "&"), headers={"hx-request": "true"}).content.decode()
    assert answer.count('<td class="hour"') == 51
    assert "Under way: waiting for its turn" in answer
    assert "show-more" not in answer


@pytest.mark.parametrize("query", ["?before=x", "?before=-1", "?since=9999999999999999999999", "?before=²"])
def test_activity_of_a_row_that_is_no_number_is_404(as_user: Any, alice: Any, make_vps: Any, query: str) -> None:
    assert read(as_user(alice), make_vps(alice), query).status_code == 404


def test_activity_is_parted_by_the_days_of_the_readers_zone(as_user: Any, alice: Any, make_vps: Any) -> None:
    vps, browser = make_vps(alice), as_user(alice)
    many(vps, 30)
    in_utc = read(browser, vps).content.decode().count('<tr class="day"')
    assert in_utc in (2, 3)
    browser.cookies["zone"] = "Pacific/Kiritimati"
    page = read(browser, vps).content.decode()
    assert page.count('<tr class="day"') in (2, 3)
    assert "Today, " in page or "Yesterday, " in page


# Session, user, server, its operations and notices, the rows, the counts.
QUERIES = 8


def test_activity_costs_the_same_queries_for_one_row_and_for_fifty(
    as_user: Any, alice: Any, make_vps: Any, bind: Any, asked: Make, django_assert_num_queries: Any
) -> None:
    vps, browser = make_vps(alice), as_user(alice)
    bind(vps)
    asked(vps, by=alice, state="succeeded")
    with django_assert_num_queries(QUERIES):
        read(browser, vps)
    many(vps, 49)
    with django_assert_num_queries(QUERIES):
        assert read(browser, vps).content.decode().count('<td class="hour"') == 50


@pytest.mark.parametrize(("language", "delimiter", "head"), [("en", ",", "Time, UTC"), ("ru", ";", "Время, UTC")])
def test_activity_as_a_file_is_what_a_spreadsheet_of_the_language_opens(
    as_user: Any, alice: Any, make_vps: Any, asked: Make, language: str, delimiter: str, head: str
) -> None:
    vps, browser = make_vps(alice), as_user(alice)
    record(vps, "vps.updated", changed=["suspension"], suspension=SUSPENDED | {"reason": None, "message": "=1+1"})
    operation = asked(vps, by=alice, state="failed", error_code="vps_busy")
    browser.post("/language/setlang/", {"language": language})
    answer = read(browser, vps, "?view=csv")
    assert answer["Content-Disposition"] == f'attachment; filename="server-{vps.pk}-activity.csv"'
    content = answer.content.decode()
    assert content.startswith(BOM)
    lines = list(csv.reader(io.StringIO(content.removeprefix(BOM)), delimiter=delimiter))
    assert lines[0][0] == head
    assert lines[1][5:] == [str(operation.pk), "vps_busy"]
    assert lines[2][2] == "'=1+1"
    assert len(read(browser, vps, "?view=csv&kind=power").content.decode().splitlines()) == 2
