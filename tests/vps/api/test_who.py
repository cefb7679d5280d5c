"""Whose names a customer reads, and what a new owner learns of the one before: D4, on every way out."""

import json
import re
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.callers import FOR_EVER, BySession, Standing
from tests.conftest import person
from vps import observations, operations
from vps.hypervisor.base import Sample
from vps.models import Event, Operation, Placement, Vps
from vps.operations import finish
from vps.sockets.look import look
from vps.sockets.reader import Reader

NAMES = ("carol", "alice")


def end(operation: Operation) -> None:
    claimed = Operation.objects.claim(operation.pk)
    assert claimed
    finish.fail(claimed, "vps_busy")


def asked(vps: Vps, by: Any, source: str, kind: str = "reboot") -> Operation:
    operation = operations.request(vps, kind, by=by, source=source)
    end(operation)
    return operation


@pytest.fixture
def shop(alice: Any, make_vps: Any, bind: Any) -> Vps:
    vps: Vps = make_vps(alice)
    bind(vps)
    return vps


def everything(user: Any, vps: Vps, as_user: Any, with_token: Any) -> str:
    """All that this customer is shown of the server, in English."""
    program, browser = with_token(user), as_user(user)
    api = ("", "/operations", "/stats", "/stats?timeframe=hour")
    answers = [program.get(f"/api/vps/{vps.pk}{path}") for path in api]
    answers += [program.get("/api/events"), program.get("/api/vps")]
    answers += [browser.get(path) for path in ("/", f"/vps/{vps.pk}/", f"/vps/{vps.pk}/status/", f"/vps/{vps.pk}/row/")]
    assert {answer.status_code for answer in answers} == {200}
    return " ".join(answer.content.decode() for answer in answers)


@pytest.mark.parametrize("rights", [{"is_staff": True}, {"is_superuser": True}, {}])
def test_who_acted_is_staff_without_a_name_to_a_customer(
    as_user: Any, with_token: Any, alice: Any, shop: Vps, rights: dict[str, bool]
) -> None:
    """Whatever rights they have, and though they have none any more: what came from the admin was the staff's."""
    erin = person("erin", **rights)
    operation = asked(shop, erin, "admin")
    Event.objects.record("vps.unbound", shop, by=erin, source="admin", vmid=100)
    text = everything(alice, shop, as_user, with_token)
    assert "erin" not in text
    program = with_token(alice)
    assert program.get(f"/api/operations/{operation.pk}").json()["operation"]["requested_by"] == "staff"
    by_type = {event["type"]: event["by"] for event in program.get("/api/events").json()["events"]}
    staff = {"id": None, "username": "staff"}
    ended = staff if rights else None
    assert by_type == {"operation.queued": staff, "operation.failed": ended, "vps.unbound": staff}
    assert (
        '<td class="who" role="cell">Our staff</td>' in as_user(alice).get(f"/vps/{shop.pk}/activity/").content.decode()
    )


def test_who_acted_is_the_panel_itself_where_nobody_asked(as_user: Any, with_token: Any, alice: Any, shop: Vps) -> None:
    asked(shop, None, "system", "stop")
    (operation,) = with_token(alice).get(f"/api/vps/{shop.pk}/operations").json()["operations"]
    assert operation["requested_by"] is None
    assert (
        '<td class="who" role="cell">The panel</td>' in as_user(alice).get(f"/vps/{shop.pk}/activity/").content.decode()
    )


def test_event_socket_names_no_staff_and_no_owner_before(
    main_site: Any, as_user: Any, alice: Any, bob: Any, shop: Vps
) -> None:
    """The events of /ws/events, as those of the API."""
    before = asked(shop, alice, "page")
    main_site("update", id=shop.pk, user_id=bob.pk)
    shop.refresh_from_db()
    Event.objects.record("vps.unbound", shop, by=person("erin", is_superuser=True), source="system", vmid=100)
    caller = BySession(as_user(bob).cookies["session"].value)
    reader = Reader(caller, Standing(bob.pk, until=FOR_EVER), after=0)
    texts = look([], [reader])[1][reader].texts
    events = [json.loads(text) for text in texts]
    shown = [(event["type"], event["by"], event["data"]) for event in events]
    assert shown[1:] == [("vps.unbound", {"id": None, "username": "staff"}, {})]
    assert [(event["type"], event["by"]) for event in events[:1]] == [("vps.updated", None)]
    assert before.pk not in [event["operation_id"] for event in events]
    assert not [name for name in (*NAMES, "erin") if name in str(texts)]


def test_api_reboot_names_no_staff_in_its_refusal(with_token: Any, alice: Any, carol: Any, shop: Vps) -> None:
    operations.request(shop, "reboot", by=carol, source="admin")
    answer = with_token(alice).post(f"/api/vps/{shop.pk}/reboot")
    assert (answer.status_code, answer.json()["operation"]["requested_by"]) == (409, "staff")


def test_who_acted_is_read_by_oneself_staff_or_not(with_token: Any, make_vps: Any, bind: Any, carol: Any) -> None:
    vps = make_vps(carol, name="of staff")
    bind(vps, vmid=101)
    asked(vps, carol, "page")
    program = with_token(carol)
    (operation,) = program.get(f"/api/vps/{vps.pk}/operations").json()["operations"]
    assert operation["requested_by"] == "carol"
    assert program.get("/api/events").json()["events"][0]["by"] == {"id": carol.pk, "username": "carol"}


def test_api_operations_shows_a_new_owner_neither_name_nor_operations_of_the_one_before(
    as_user: Any, with_token: Any, main_site: Any, alice: Any, bob: Any, carol: Any, shop: Vps
) -> None:
    before = [asked(shop, alice, "page"), asked(shop, carol, "admin")]
    main_site("update", id=shop.pk, user_id=bob.pk)
    shop.refresh_from_db()
    program = with_token(bob)
    assert program.get(f"/api/vps/{shop.pk}/operations").json()["operations"] == []
    for operation in before:
        absent = program.get("/api/operations/999999")
        answer = program.get(f"/api/operations/{operation.pk}")
        assert (answer.status_code, answer.json()) == (404, absent.json())
    page = as_user(bob).get(f"/vps/{shop.pk}/activity/").content.decode()
    assert not re.search(r"Reboot|alice|staff", page.partition("activity-rows")[2])
    his = asked(shop, bob, "page")
    text = everything(bob, shop, as_user, with_token)
    assert not [name for name in NAMES if name in text]
    (listed,) = program.get(f"/api/vps/{shop.pk}/operations").json()["operations"]
    assert (listed["id"], listed["requested_by"]) == (his.pk, "bob")
    assert with_token(alice).get(f"/api/operations/{before[0].pk}").status_code == 404, "it is not hers any more"


def test_api_operations_shows_an_owner_who_comes_back_their_own_and_nothing_of_the_one_between(
    with_token: Any, main_site: Any, alice: Any, bob: Any, shop: Vps
) -> None:
    hers = asked(shop, alice, "page")
    main_site("update", id=shop.pk, user_id=bob.pk)
    asked(Vps.objects.get(pk=shop.pk), bob, "page")
    main_site("update", id=shop.pk, user_id=alice.pk)
    listed = with_token(alice).get(f"/api/vps/{shop.pk}/operations").json()["operations"]
    assert [operation["id"] for operation in listed] == [hers.pk]


def test_api_reboot_during_a_transfer_is_refused_without_whose_operation_is_open(
    as_user: Any, with_token: Any, main_site: Any, alice: Any, bob: Any, shop: Vps
) -> None:
    operation = operations.request(shop, "reboot", by=alice, source="page")
    main_site("update", id=shop.pk, user_id=bob.pk)
    program = with_token(bob)
    assert program.get(f"/api/operations/{operation.pk}").status_code == 404
    refused = program.post(f"/api/vps/{shop.pk}/reboot")
    assert (refused.status_code, refused.json()["operation"]["requested_by"]) == (409, None)
    end(operation)
    text = everything(bob, shop, as_user, with_token)
    assert not [name for name in NAMES if name in text]


def test_api_operations_pages_are_cut_by_the_transfer_too(
    with_token: Any, main_site: Any, alice: Any, bob: Any, shop: Vps
) -> None:
    for _ in range(3):
        asked(shop, alice, "page")
    main_site("update", id=shop.pk, user_id=bob.pk)
    for _ in range(3):
        asked(Vps.objects.get(pk=shop.pk), bob, "page")
    program, seen = with_token(bob), []
    following = f"/api/vps/{shop.pk}/operations?limit=2"
    while following:
        answer = program.get(following).json()
        seen += [operation["requested_by"] for operation in answer["operations"]]
        following = answer["next"]
    assert seen == ["bob"] * 3


def test_history_of_use_begins_with_the_transfer(
    as_user: Any, with_token: Any, main_site: Any, alice: Any, bob: Any, shop: Vps
) -> None:
    now = timezone.now()
    points = [asdict(Sample(time=int((now + timedelta(minutes=at)).timestamp()), cpu=0.5)) for at in (-60, -30, 5, 10)]
    placement = Placement.objects.get(vps=shop)
    observations.store_history(
        placement.pk, "hour", {"state": "ready", "points": points, "fetched_at": "2026-01-01T00:00:00Z"}
    )
    assert len(as_user(alice).get(f"/vps/{shop.pk}/history/hour/").json()["points"]) == 4
    main_site("update", id=shop.pk, user_id=bob.pk)
    for history in (
        as_user(bob).get(f"/vps/{shop.pk}/history/hour/").json(),
        with_token(bob).get(f"/api/vps/{shop.pk}/stats?timeframe=hour").json()["history"],
    ):
        assert [point["time"] for point in history["points"]] == [point["time"] for point in points[2:]]


def test_api_operations_costs_the_same_queries_for_one_and_for_thirty(
    with_token: Any, alice: Any, shop: Vps, django_assert_num_queries: Any
) -> None:
    program, counts = with_token(alice), 3
    asked(shop, alice, "page")
    with django_assert_num_queries(counts):
        program.get(f"/api/vps/{shop.pk}/operations")
    for _ in range(29):
        asked(shop, alice, "page")
    with django_assert_num_queries(counts):
        assert len(program.get(f"/api/vps/{shop.pk}/operations").json()["operations"]) == 30


def test_api_events_shows_the_main_site_all_names(
    main_site: Any, settings: Any, alice: Any, carol: Any, shop: Vps
) -> None:
    operation = asked(shop, carol, "admin")
    key = {"x-api-key": settings.MAIN_SITE_API_KEYS[0]}
    events = Client(headers=key).get("/api/events").json()["events"]
    assert {event["by"]["username"] for event in events if event["by"]} == {"carol"}
    operation.refresh_from_db()
    assert operation.public()["requested_by"] == "carol"
