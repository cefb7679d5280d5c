"""What the main site says of a suspension, and who is told of it. What becomes of the power: tests/vps/operations."""

from typing import Any

import pytest
from django.db import connection
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext

from tests.vps.api.commands import batch, client, create, results, update
from vps.models import Event, Suspension, Vps

BILL = {"reason": "unpaid", "message": "Счёт № 1042\nот 14 ноября", "pay_url": "https://example.com/pay/1042?a=1&b=2"}
BARE = {"reason": None, "message": None, "pay_url": None}


@pytest.fixture
def shop(alice: Any, make_vps: Any) -> Vps:
    vps: Vps = make_vps(alice)
    return vps


def suspend(main_site: Any, vps: Vps, **columns: Any) -> Any:
    return main_site("update", id=vps.pk, status="suspended", **columns)


def read(with_token: Any, vps: Vps) -> Any:
    return with_token(vps.user).get(f"/api/vps/{vps.pk}").json()["suspension"]


def last_event() -> Any:
    return Event.objects.order_by("-id").first()


def test_suspension_is_told_to_the_customer_without_what_becomes_of_the_power(
    main_site: Any, with_token: Any, shop: Any
) -> None:
    assert suspend(main_site, shop, suspension=BILL | {"power": "stop"}).status_code == 200
    shown = read(with_token, shop)
    assert shown.pop("since").endswith("Z")
    assert shown == BILL
    row = Suspension.objects.get()
    assert (row.power, row.ended_at) == ("stop", None)
    assert with_token(shop.user).get("/api/vps").json()["suspension"] == {str(shop.pk): read(with_token, shop)}


def test_suspension_is_read_by_the_main_site_as_it_was_said(main_site: Any, shop: Any) -> None:
    assert client().get(f"/api/vps/sync/{shop.pk}").json()["suspension"] is None
    suspend(main_site, shop, suspension=BILL | {"power": "stop"})
    read = client().get(f"/api/vps/sync/{shop.pk}").json()["suspension"]
    assert read | {"since": None} == BILL | {"power": "stop", "since": None}


def test_suspension_stands_beside_the_refusal_of_power(main_site: Any, with_token: Any, shop: Any, bind: Any) -> None:
    bind(shop)
    suspend(main_site, shop, suspension=BILL | {"power": "stop"})
    answer = with_token(shop.user).post(f"/api/vps/{shop.pk}/start")
    assert (answer.status_code, answer.json()["code"]) == (409, "vps_suspended")
    assert answer.json()["suspension"] == read(with_token, shop)


def test_suspension_of_a_new_server_is_taken(main_site: Any, with_token: Any, alice: Any) -> None:
    made = main_site("create", **create(alice, status="suspended", suspension={"reason": "abuse"})["vps"])
    vps = Vps.objects.get(pk=made.json()["vps"]["id"])
    assert read(with_token, vps)["reason"] == "abuse"
    event = last_event()
    assert event.type == "vps.created"
    assert (event.data["suspension"]["reason"], event.data["suspension"]["power"]) == ("abuse", "keep")


def test_server_that_is_not_suspended_has_no_suspension(with_token: Any, shop: Any) -> None:
    assert read(with_token, shop) is None
    assert with_token(shop.user).get("/api/vps").json()["suspension"] == {str(shop.pk): None}


def test_suspension_without_a_word_is_a_bare_one(main_site: Any, with_token: Any, shop: Any) -> None:
    suspend(main_site, shop)
    shown = read(with_token, shop)
    assert shown.pop("since").endswith("Z")
    assert shown == BARE


def test_server_that_was_suspended_before_reasons_were_kept_has_a_bare_suspension(
    with_token: Any, make_vps: Any, alice: Any
) -> None:
    assert read(with_token, make_vps(alice, status="suspended")) == BARE | {"since": None}


def test_suspension_that_comes_again_stays_as_it_was_said(main_site: Any, with_token: Any, shop: Any) -> None:
    suspend(main_site, shop, suspension=BILL)
    Suspension.objects.update(since="2026-11-24T10:00:00Z")
    count = Event.objects.count()
    suspend(main_site, shop)
    suspend(main_site, shop, suspension=BILL)
    assert Event.objects.count() == count
    assert read(with_token, shop) == BILL | {"since": "2026-11-24T10:00:00Z"}


def test_suspension_alone_replaces_what_was_said_and_not_since_when(main_site: Any, with_token: Any, shop: Any) -> None:
    suspend(main_site, shop, suspension=BILL | {"power": "stop"})
    Suspension.objects.update(since="2026-11-24T10:00:00Z")
    main_site("update", id=shop.pk, suspension={"reason": "staff"})
    assert read(with_token, shop) == BARE | {"reason": "staff", "since": "2026-11-24T10:00:00Z"}
    assert Suspension.objects.get().power == "keep"
    assert last_event().data["changed"] == ["suspension"]


@pytest.mark.parametrize("name", ["suspension", "suspend_reason"])
def test_suspension_that_is_null_takes_back_what_was_said(
    main_site: Any, with_token: Any, shop: Any, name: str
) -> None:
    suspend(main_site, shop, suspension=BILL)
    suspend(main_site, shop, **{name: None})
    assert read(with_token, shop)["reason"] is None
    assert Suspension.objects.get().message == ""


@pytest.mark.parametrize("columns", [{"status": "running"}, {"cpu": 3}])
def test_suspension_that_is_null_says_nothing_of_a_server_that_is_not_suspended(
    main_site: Any, shop: Any, columns: Any
) -> None:
    assert main_site("update", id=shop.pk, suspension=None, **columns).status_code == 200
    assert not Suspension.objects.exists()


@pytest.mark.parametrize("name", ["suspension", "suspend_reason"])
@pytest.mark.parametrize("status", [{}, {"status": "running"}])
def test_suspension_of_a_server_that_is_not_suspended_is_refused_by_its_name(
    main_site: Any, shop: Any, status: Any, name: str
) -> None:
    given = BILL if name == "suspension" else "unpaid"
    answer = main_site("update", id=shop.pk, cpu=7, **{name: given}, **status)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [f"vps.{name}"])
    shop.refresh_from_db()
    assert shop.cpu == 2


def test_suspension_of_a_server_that_is_being_created_is_refused(main_site: Any, alice: Any) -> None:
    answer = main_site("create", **create(alice, suspension=BILL)["vps"])
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["vps.suspension"])
    assert not Vps.objects.exists()


def test_suspension_ends_with_any_other_status(main_site: Any, with_token: Any, shop: Any) -> None:
    suspend(main_site, shop, suspension=BILL)
    main_site("update", id=shop.pk, status="error", suspension=None)
    assert read(with_token, shop) is None
    assert not Suspension.objects.exists()
    assert (last_event().data["changed"], last_event().data["suspension"]) == (["status", "suspension"], None)


def test_suspension_that_comes_late_changes_nothing(main_site: Any, with_token: Any, shop: Any) -> None:
    when = {"occurred_at": "2025-10-27T10:30:00Z"}
    body = update(id=shop.pk, status="suspended", suspension=BILL) | when
    client().post("/api/vps/sync", body, content_type="application/json")
    late = update(id=shop.pk, suspension={"reason": "abuse"}) | {"occurred_at": "2025-10-27T10:29:00Z"}
    answer = client().post("/api/vps/sync", late, content_type="application/json").json()
    assert answer["applied"] is False
    assert read(with_token, shop)["reason"] == "unpaid"


def test_suspend_reason_is_the_short_form(main_site: Any, with_token: Any, shop: Any) -> None:
    answer = suspend(main_site, shop, suspend_reason="Invoice 1042").json()
    assert "warnings" not in answer
    shown = read(with_token, shop)
    assert (shown["reason"], shown["message"], shown["pay_url"]) == ("other", "Invoice 1042", None)


def test_suspend_reason_beside_suspension_is_refused(main_site: Any, shop: Any) -> None:
    answer = suspend(main_site, shop, suspend_reason="Invoice 1042", suspension=BILL)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["vps.suspend_reason"])


def test_suspend_reason_that_is_empty_says_nothing_of_a_running_server(main_site: Any, shop: Any) -> None:
    assert main_site("update", id=shop.pk, status="running", suspend_reason="").status_code == 200


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "vps.suspension.reason"),
        ({"reason": "debt"}, "vps.suspension.reason"),
        ({"reason": "other", "power": "off"}, "vps.suspension.power"),
        ({"reason": "other", "message": ""}, "vps.suspension.message"),
        ({"reason": "other", "message": "a" * 501}, "vps.suspension.message"),
        ({"reason": "other", "message": "\x1b[31m"}, "vps.suspension.message"),
        ({"reason": "other", "message": "tab\there"}, "vps.suspension.message"),
        ({"reason": "other", "message": "\u202eevil"}, "vps.suspension.message"),
        ({"reason": "other", "pay_url": "http://example.com/pay"}, "vps.suspension.pay_url"),
        ({"reason": "other", "pay_url": "javascript:alert(1)"}, "vps.suspension.pay_url"),
        ({"reason": "other", "pay_url": "https://bank@example.com/"}, "vps.suspension.pay_url"),
        ({"reason": "other", "pay_url": "https://example.com\\@evil.example/"}, "vps.suspension.pay_url"),
        ({"reason": "other", "pay_url": "https:///pay"}, "vps.suspension.pay_url"),
        ({"reason": "other", "pay_url": "https://example.com/a b"}, "vps.suspension.pay_url"),
        ({"reason": "other", "pay_url": "https://example.com/" + "a" * 2000}, "vps.suspension.pay_url"),
        ([], "vps.suspension"),
        ("unpaid", "vps.suspension"),
    ],
)
def test_suspension_that_is_none_is_refused_by_its_field(main_site: Any, shop: Any, given: Any, field: str) -> None:
    answer = suspend(main_site, shop, suspension=given)
    assert answer.status_code == 400
    assert [name.partition(".non_field")[0] for name in answer.json()["errors"]] == [field]
    assert not Suspension.objects.exists()


@pytest.mark.parametrize(
    "given",
    [
        {"pay_url": "https://оплата.рф/счёт?№=1"},
        {"pay_url": "https://pay.example.com:8443/#" + "a" * 1900},
        {"message": "п" * 500},
        {"message": None, "pay_url": None},
    ],
)
def test_suspension_is_taken_as_it_was_said(main_site: Any, with_token: Any, shop: Any, given: Any) -> None:
    assert suspend(main_site, shop, suspension={"reason": "other"} | given).status_code == 200
    shown = read(with_token, shop)
    assert {name: shown[name] for name in given} == given


def test_suspension_keeps_the_lines_of_a_form(main_site: Any, with_token: Any, shop: Any) -> None:
    suspend(main_site, shop, suspension={"reason": "other", "message": "one\r\ntwo"})
    assert read(with_token, shop)["message"] == "one\ntwo"


def test_suspension_warns_of_keys_that_nobody_knows(main_site: Any, shop: Any) -> None:
    answer = suspend(main_site, shop, suspension=BILL | {"colour": "red"})
    assert answer.json()["warnings"] == ["Unknown field ignored: vps.suspension.colour"]


def test_suspension_is_told_in_events(main_site: Any, with_token: Any, shop: Any) -> None:
    suspend(main_site, shop, suspension=BILL | {"power": "stop"})
    event = client().get("/api/events").json()["events"][-1]
    assert event["data"]["changed"] == ["status", "suspension"]
    assert event["data"]["suspension"] | {"since": None} == BILL | {"power": "stop", "since": None}
    shown = with_token(shop.user).get("/api/events").json()["events"][-1]
    assert shown["data"]["suspension"] | {"since": None} == BILL | {"since": None}


def test_suspensions_of_a_batch_are_read_and_written_together(alice: Any, make_vps: Any) -> None:
    def suspended(count: int) -> int:
        made = [make_vps(alice) for _ in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as counted:
            batch(*(update(id=vps.pk, status="suspended", suspension=BILL) for vps in made))
        assert Suspension.objects.filter(vps__in=made, reason="unpaid").count() == count
        return len(counted)

    assert suspended(2) == suspended(60)


def test_suspensions_of_a_batch_follow_each_other(alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    given = {"reason": "staff"}
    answer = batch(
        update(id=vps.pk, status="suspended", suspension=BILL),
        update(id=vps.pk, suspension=given),
        update(id=vps.pk, status="running"),
        update(id=vps.pk, suspension=given),
        update(id=vps.pk, status="suspended", suspension={"reason": "abuse"}),
    )
    assert results(answer) == ["success", "success", "success", "invalid", "success"]
    assert Suspension.objects.get().reason == "abuse"
    batch(update(id=vps.pk, suspension=given), {"action": "delete", "vps": {"id": vps.pk}})
    assert not Suspension.objects.exists()


def test_suspension_goes_with_its_server(main_site: Any, shop: Any) -> None:
    suspend(main_site, shop, suspension=BILL)
    assert main_site("delete", id=shop.pk).status_code == 200
    assert not Suspension.objects.exists()


@pytest.mark.parametrize("column", ["reason", "power", "power_before", "pay_url"])
def test_suspension_of_an_unknown_word_is_refused_by_the_database(shop: Any, column: str) -> None:
    Suspension.objects.create(vps=shop)
    with pytest.raises(IntegrityError):
        Suspension.objects.update(**{column: "x"})
