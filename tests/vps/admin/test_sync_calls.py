"""The staff's page about the main site: what it shows of the calls, to whom, and when the first page warns of them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from tests.conftest import person
from tests.vps.admin.reading import lines, rows, troubles
from vps.models import SyncCall

PAGE = "/admin/vps/synccall/"
FAILING, KEY_REFUSED = "failing-calls", "refused-keys"


def call(count: int = 1, *, ago: timedelta = timedelta(0), **columns: Any) -> None:
    defaults = {"action": "update", "status": 200, "duration_ms": 5, "request_id": "a", "at": timezone.now() - ago}
    SyncCall.objects.bulk_create([SyncCall(**defaults | columns) for _ in range(count)])


def refused(count: int = 1, **columns: Any) -> None:
    call(count, **{"status": 404, "code": "vps_not_found", "message": "There is no VPS 7."} | columns)


def without_a_key(count: int, *, ago: timedelta = timedelta(0)) -> None:
    at = timezone.now() - ago
    call(status=401, code="invalid_api_key", action="", count=1)
    SyncCall.objects.filter(status=401, minute=None).update(minute=at, at=at, count=count)


def text_of(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())


def legend(page: Any) -> dict[str, int]:
    return {result: int(total) for result, total in re.findall(r"</svg> ([\w ]+): <b>(\d+)</b>", page.content.decode())}


@pytest.mark.parametrize(
    ("columns", "result"),
    [
        ({"status": 201}, "done"),
        ({"status": 201, "replayed": True}, "answered from memory"),
        ({"operations": 3, "failed": 1}, "done in part"),
        ({"status": 400}, "invalid"),
        ({"status": 413}, "invalid"),
        ({"status": 404}, "not found"),
        ({"status": 409}, "conflict"),
        ({"status": 422}, "conflict"),
        ({"status": 503}, "failed here"),
    ],
)
def test_sync_call_admin_counts_each_call_by_how_it_ended(admin: Any, columns: dict[str, Any], result: str) -> None:
    call(3, **columns)
    assert legend(admin.get(PAGE)) == {result: 3}


def test_sync_call_admin_counts_calls_without_a_key_by_what_they_were_and_not_by_rows(admin: Any) -> None:
    without_a_key(250)
    assert legend(admin.get(PAGE)) == {"without a valid key": 250}


def test_sync_call_admin_draws_bars_as_high_as_the_calls_were_many(admin: Any) -> None:
    call(3)
    call(1, status=503)
    call(2, ago=timedelta(hours=1))
    page = admin.get(PAGE).content.decode()
    bars = re.findall(r'class="result-(\w+)" x="(\d+)" y="(\d+)" width="8" height="(\d+)"', page)
    assert [(result, y, height) for result, _, y, height in bars] == [
        ("done", "500", "500"),
        ("done", "250", "750"),
        ("server_error", "0", "250"),
    ]
    before, now, _ = (int(x) for _, x, *_ in bars)
    assert now - before == 10
    assert "style=" not in page.partition('<section class="card main-site"')[2].partition("</section>")[0]


def test_sync_call_admin_shows_a_day_or_a_month(admin: Any) -> None:
    call(1)
    call(2, ago=timedelta(days=3))
    call(4, ago=timedelta(days=31))
    assert legend(admin.get(PAGE)) == {"done": 1}
    assert legend(admin.get(f"{PAGE}?by=days")) == {"done": 3}


def test_sync_call_admin_shows_the_fiftieth_and_the_ninety_fifth_duration_of_a_hundred(admin: Any) -> None:
    for ms in range(1, 102):
        call(duration_ms=ms)
    assert "update 101 51 96 101" in text_of(admin.get(PAGE))


def test_sync_call_admin_lists_what_went_wrong_and_finds_it_by_code_and_by_request(
    admin: Any, alice: Any, make_vps: Any
) -> None:
    vps = make_vps(alice, name="shop")
    refused(request_id="lost", vps_id=vps.pk)
    call(status=409, code="placement_taken", message="Taken <b>already</b>.", request_id="taken", vps_id=999)
    call(request_id="good")
    page = admin.get(PAGE).content.decode()
    assert f'href="/admin/vps/vps/{vps.pk}/change/">shop</a>' in page
    assert "Taken &lt;b&gt;already" in page
    assert "<td>#999</td>" in page
    assert ">good<" not in page
    by_code = admin.get(f"{PAGE}?code=placement_taken").content.decode()
    assert (">taken<" in by_code, ">lost<" in by_code) == (True, False)
    by_request = admin.get(f"{PAGE}?request_id=good").content.decode()
    assert (">good<" in by_request, ">lost<" in by_request) == (True, False)


@pytest.mark.parametrize(
    ("query", "status"),
    [("by=years", 200), ("code=%00", 200), ("request_id=%00", 200), ("code=nonsense", 200), ("e=1", 200)],
)
def test_sync_call_admin_fails_at_no_query_that_means_nothing(admin: Any, query: str, status: int) -> None:
    refused()
    assert admin.get(f"{PAGE}?{query}").status_code == status


def test_sync_call_admin_costs_the_same_queries_for_one_call_and_for_many(
    admin: Any, alice: Any, make_vps: Any, django_assert_num_queries: Any
) -> None:
    queries = 9
    for _ in range(40):
        refused(vps_id=make_vps(alice).pk)
        with django_assert_num_queries(queries):
            admin.get(PAGE)


def test_sync_call_admin_is_shown_to_staff_with_the_right(as_user: Any, db: None) -> None:
    dave = person("dave", is_staff=True)
    assert as_user(dave).get(PAGE).status_code == 403
    dave.user_permissions.add(Permission.objects.get(codename="view_synccall"))
    assert as_user(dave).get(PAGE).status_code == 200


# The first page


@pytest.mark.parametrize(("bad", "good", "is_listed"), [(11, 10, True), (11, 11, False), (10, 0, False), (11, 0, True)])
def test_attention_names_failing_sync_calls_when_they_are_many_and_most(
    admin: Any, bad: int, good: int, is_listed: bool
) -> None:
    refused(bad)
    call(good)
    refused(50, ago=timedelta(minutes=61))
    without_a_key(5)
    assert troubles(admin).keys() == ({FAILING} if is_listed else set())


def test_attention_counts_a_batch_as_failed_of_which_nothing_was_done(admin: Any) -> None:
    call(20, operations=3, failed=1)
    assert troubles(admin) == {}
    call(21, operations=3, failed=3)
    assert FAILING in troubles(admin)


def test_attention_names_a_refused_key_by_the_minute(admin: Any) -> None:
    without_a_key(3)
    without_a_key(3, ago=timedelta(minutes=5))
    without_a_key(50, ago=timedelta(minutes=61))
    listed = troubles(admin)
    assert listed.keys() == {KEY_REFUSED}
    assert listed[KEY_REFUSED] == "6 × 401 invalid_api_key"
    assert [call.count for call in rows(admin, lines(admin)[KEY_REFUSED].address)] == [3, 3]


def test_attention_names_no_key_that_is_refused_now_and_then(admin: Any) -> None:
    without_a_key(5)
    assert troubles(admin) == {}
