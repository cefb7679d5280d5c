"""GET /api/events: the feed as a customer's program and as the main site read it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from vps import operations
from vps.guests import GuestRef, Kind
from vps.models import Event, Operation
from vps.models.event_shape import SHOWN, for_customer
from vps.models.recognition import recognise
from vps.operations import finish
from vps.services import binding

SECRETS = {"cluster": "main", "guest": "100", "vmid": 100, "expected": "uuid-100", "found": "uuid-7", "node": "pve1"}


@pytest.fixture
def main_sites(db: None, settings: Any) -> Client:
    return Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]})


def record(vps: Any, type: str = "vps.updated", **more: Any) -> Event:
    event: Event = Event.objects.record(type, vps, **{"source": "sync"} | more)
    return event


def types(answer: Any) -> list[str]:
    return [event["type"] for event in answer.json()["events"]]


def test_api_events_shows_alice_what_happened_to_her_server_and_bob_nothing_of_it(
    with_token: Any, alice: Any, bob: Any, make_vps: Any
) -> None:
    vps = make_vps(alice)
    record(vps, "vps.created", status="running")
    answer = with_token(alice).get("/api/events").json()
    (event,) = answer["events"]
    created_at = event.pop("created_at")
    assert created_at.endswith("Z")
    assert event == {
        "id": 1,
        "type": "vps.created",
        "vps_id": vps.pk,
        "user_id": alice.pk,
        "operation_id": None,
        "source": "sync",
        "by": None,
        "data": {"status": "running"},
    }
    assert (answer["status"], answer["next"]) == ("success", None)
    assert with_token(bob).get("/api/events").json()["events"] == []


def test_api_events_shows_the_main_site_everybodys(main_sites: Client, alice: Any, bob: Any, make_vps: Any) -> None:
    for user in (alice, bob):
        record(make_vps(user))
    assert [event["user_id"] for event in main_sites.get("/api/events").json()["events"]] == [alice.pk, bob.pk]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "not_authenticated"),
        ({"authorization": "Bearer x.y.z"}, "invalid_token"),
        ({"x-api-key": "wrong"}, "invalid_api_key"),
        ({"x-api-key": ""}, "invalid_api_key"),
    ],
)
def test_api_events_is_401_to_who_is_neither(db: None, headers: dict[str, str], code: str) -> None:
    answer = Client(headers=headers).get("/api/events")
    assert (answer.status_code, answer.json()["code"]) == (401, code)


def test_api_events_takes_no_wrong_key_beside_a_right_token(with_token: Any, alice: Any) -> None:
    assert with_token(alice).get("/api/events", headers={"x-api-key": "wrong"}).json()["code"] == "invalid_api_key"


def test_api_events_reaches_every_event_once_page_by_page_and_keeps_its_filter(
    with_token: Any, alice: Any, make_vps: Any
) -> None:
    vps = make_vps(alice)
    for number in range(5):
        record(vps, "vps.updated", changed=[number])
        record(vps, "vps.missing")
    program, address, found = with_token(alice), "/api/events?limit=2&type=vps.updated,vps.deleted", []
    while address:
        page = program.get(address).json()
        found += [event["data"]["changed"] for event in page["events"]]
        address = page["next"]
    assert found == [[0], [1], [2], [3], [4]]


def test_api_events_after_the_last_id_are_what_came_since(with_token: Any, alice: Any, make_vps: Any) -> None:
    program, vps = with_token(alice), make_vps(alice)
    record(vps, "vps.created")
    last = program.get("/api/events").json()["events"][-1]["id"]
    assert types(program.get(f"/api/events?after={last}")) == []
    record(vps, "vps.deleted")
    assert types(program.get(f"/api/events?after={last}")) == ["vps.deleted"]


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", f"after={2**63}", "limit=0", "limit=1001", "type=vps.exploded", "type=", "type=,"]
)
def test_api_events_refuses_a_wrong_query(with_token: Any, alice: Any, query: str) -> None:
    answer = with_token(alice).get(f"/api/events?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["errors"]) == [query.partition("=")[0]]


def test_api_events_of_before_a_transfer_stay_with_the_old_owner(
    with_token: Any, main_site: Any, alice: Any, bob: Any, make_vps: Any
) -> None:
    vps = make_vps(alice)
    main_site("update", id=vps.pk, status="stopped")
    main_site("update", id=vps.pk, user_id=bob.pk)
    main_site("delete", id=vps.pk)
    hers, his = with_token(alice).get("/api/events"), with_token(bob).get("/api/events")
    assert [event["data"] for event in hers.json()["events"]] == [{"changed": ["status"]}]
    assert types(his) == ["vps.updated", "vps.deleted"]


@pytest.mark.parametrize("ends", ["in doubt", "at another guest", "unseen"])
def test_api_events_shows_the_new_owner_what_a_worker_was_doing_during_a_transfer(
    ends: str, with_token: Any, main_site: Any, alice: Any, bob: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice)
    placement = bind(vps)
    operation = Operation.objects.claim(operations.request(vps, "stop", by=alice, source="page").pk)
    main_site("update", id=vps.pk, user_id=bob.pk)
    if ends == "in doubt":
        finish.fail(operation, "timed_out")
    elif ends == "at another guest":
        finish.fail_identity_mismatch(operation, operation.vps.placement, ("uuid:uuid-7",))
    else:
        recognise(placement, ("uuid:uuid-7",), power="unknown", node="pve1")
    (queued,) = with_token(alice).get("/api/events").json()["events"]
    moved, *rest = with_token(bob).get("/api/events").json()["events"]
    assert (queued["type"], moved["data"]) == ("operation.queued", {"changed": ["user_id"]})
    assert len(rest) == {"in doubt": 1, "at another guest": 2, "unseen": 1}[ends]


# A panel that was restored from an older copy


@pytest.mark.parametrize("who", ["alice", "bob", "main site"])
def test_api_events_refuses_a_cursor_beyond_the_end_as_of_a_panel_that_is_no_more(
    who: str, with_token: Any, main_sites: Client, alice: Any, bob: Any, make_vps: Any
) -> None:
    """B13: Bob, who owns no server of these, learns it too: where the feed ends is the same for all."""
    for _ in range(3):
        record(make_vps(alice))
    program = main_sites if who == "main site" else with_token({"alice": alice, "bob": bob}[who])
    assert program.get("/api/events?after=3").status_code == 200
    for after in (4, 1000, 2**63 - 1):
        answer = program.get(f"/api/events?after={after}&type=vps.deleted")
        assert (answer.status_code, answer.json()["code"], answer.json()["last"]) == (410, "cursor_from_the_future", 3)


def test_api_events_refuses_a_cursor_where_there_is_no_event_yet(main_sites: Client) -> None:
    """B13: before the first event every cursor but 0 lies beyond the end."""
    assert main_sites.get("/api/events?after=0").status_code == 200
    assert main_sites.get("/api/events?after=1").json()["last"] == 0


def test_api_events_after_the_last_of_a_refusal_miss_nothing(main_sites: Client, alice: Any, make_vps: Any) -> None:
    """B13: `last` in the refusal says where to go on."""
    vps = make_vps(alice)
    record(vps)
    last = main_sites.get("/api/events?after=900").json()["last"]
    record(vps, "vps.deleted")
    assert types(main_sites.get(f"/api/events?after={last}")) == ["vps.deleted"]


# Who sees what


@pytest.mark.parametrize("type", Event.Type.values)
def test_for_customer_shows_of_each_type_what_is_listed(type: str, alice: Any, make_vps: Any) -> None:
    event = record(make_vps(alice), type, **SECRETS)
    assert type in SHOWN
    assert for_customer(event, alice)["data"] == {}


def test_api_events_shows_a_cluster_and_a_vmid_to_the_main_site_alone(
    with_token: Any, main_sites: Client, alice: Any, carol: Any, make_vps: Any, cluster: Any
) -> None:
    binding.bind(make_vps(alice), cluster, GuestRef(Kind.VM, "100", "pve1"), by=carol, source="admin")
    (hers,), (theirs,) = (who.get("/api/events").json()["events"] for who in (with_token(alice), main_sites))
    assert (hers["data"], hers["by"]) == ({}, {"id": None, "username": "staff"})
    assert theirs["data"] == {"cluster": "main", "kind": "qemu", "guest": "100", "vmid": 100}
    assert theirs["by"] == {"id": carol.pk, "username": "carol"}


def test_api_events_of_an_operation_say_what_was_asked_and_by_whom(
    with_token: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    operation = operations.request(vps, "force-stop", by=alice, source="page")
    (event,) = with_token(alice).get("/api/events?type=operation.queued").json()["events"]
    assert event["data"] == {"kind": "stop", "force": True}
    assert (event["operation_id"], event["by"]) == (operation.pk, {"id": alice.pk, "username": "alice"})


def test_api_events_does_not_show_a_new_owner_who_the_old_one_was(
    with_token: Any, alice: Any, bob: Any, make_vps: Any
) -> None:
    record(make_vps(bob), "operation.succeeded", by=alice, kind="stop")
    assert with_token(bob).get("/api/events").json()["events"][0]["by"] is None


# What it costs


def test_api_events_costs_no_more_queries_for_fifty(
    with_token: Any, alice: Any, carol: Any, make_vps: Any, django_assert_num_queries: Any
) -> None:
    program, vps = with_token(alice), make_vps(alice)
    for by in [alice, carol] * 25:
        record(vps, by=by)
    Event.objects.assign_positions()
    with django_assert_num_queries(3):
        assert len(program.get("/api/events").json()["events"]) == 50


MANY = """
INSERT INTO events (type, source, data, user_id, position)
SELECT 'vps.updated', 'sync', '{}', CASE number %% 20 WHEN 0 THEN %s END, number FROM generate_series(1, 20000) AS number
"""


@pytest.mark.parametrize("of_whom", ["user", "all"])
def test_feed_is_read_by_an_index_that_has_it_in_order(of_whom: str, alice: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY, [alice.pk])
        cursor.execute("ANALYZE events")
    rows = Event.objects.feed(5)
    rows = rows.visible_to(alice) if of_whom == "user" else rows
    plan = rows.select_related("by")[:101].explain()
    index = "feed_of_a_user" if of_whom == "user" else "a_place_in_the_feed_is_taken_once"
    assert index in plan
    assert "Sort" not in plan
