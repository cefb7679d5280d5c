"""/api/vps as a customer's program meets it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.verbs import call_of
from tests.vps.use import keep_use
from vps.models import Event, Operation
from vps.operations.verbs import VERBS


def operation_of(vps: Any, **columns: Any) -> Operation:
    defaults = {"kind": "reboot", "source": "page", "deadline_at": timezone.now() + timedelta(minutes=5)}
    made: Operation = Operation.objects.create(vps=vps, **defaults | columns)
    return made


def test_api_vps_list_shows_alice_her_own_and_nobody_elses(
    with_token: Any, alice: Any, bob: Any, make_vps: Any
) -> None:
    mine = make_vps(alice, name="mine")
    make_vps(bob, name="his")
    body = with_token(alice).get("/api/vps").json()
    assert (body["status"], body["count"], body["next"]) == ("success", 1, None)
    assert body["vps"][0]["id"] == mine.id


def test_api_vps_list_reaches_every_vps_once_page_by_page(with_token: Any, alice: Any, make_vps: Any) -> None:
    ids = [make_vps(alice).id for _ in range(5)]
    program, address, found = with_token(alice), "/api/vps?limit=2", []
    while address:
        page = program.get(address).json()
        found += [vps["id"] for vps in page["vps"]]
        address = page["next"]
    assert found == ids


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=a", "limit=1e2", "after=-1", "after=99999999999", "limit=١"]
)
def test_api_vps_list_refuses_a_wrong_page(with_token: Any, alice: Any, query: str) -> None:
    assert with_token(alice).get(f"/api/vps?{query}").status_code == 400


def test_api_vps_list_costs_the_same_queries_for_one_and_for_fifty(
    with_token: Any, alice: Any, make_vps: Any, django_assert_num_queries: Any
) -> None:
    program = with_token(alice)
    make_vps(alice)
    with django_assert_num_queries(1):
        program.get("/api/vps")
    for _ in range(49):
        make_vps(alice)
    with django_assert_num_queries(1):
        assert program.get("/api/vps").json()["count"] == 50


def test_api_vps_list_says_first_who_may_not_read_it_and_then_what_is_wrong(
    with_token: Any, alice: Any, make_vps: Any
) -> None:
    """What is theirs is asked for along with who they are: a token that is dead by now is given none of it."""
    program = with_token(alice)
    make_vps(alice)
    assert program.get("/api/vps?limit=none").status_code == 400
    alice.token_version += 1
    alice.save()
    for path in ("/api/vps", "/api/vps?limit=none"):
        refused = program.get(path)
        assert (refused.status_code, refused.json().keys()) == (401, {"status", "message", "code"})


@pytest.mark.parametrize("path", ["", "/stats", "/operations"])
def test_api_vps_of_bobs_server_is_to_alice_as_of_one_that_is_not_there(
    with_token: Any, alice: Any, bob: Any, make_vps: Any, path: str
) -> None:
    program, his = with_token(alice), make_vps(bob)
    assert with_token(bob).get(f"/api/vps/{his.id}{path}").status_code == 200
    refused, nothing = program.get(f"/api/vps/{his.id}{path}"), program.get(f"/api/vps/999999{path}")
    assert (refused.status_code, refused.content) == (404, nothing.content)


@pytest.mark.parametrize("verb", VERBS)
def test_api_power_lets_bob_not_touch_alices_server(
    with_token: Any, alice: Any, bob: Any, make_vps: Any, bind: Any, verb: str
) -> None:
    vps = make_vps(alice)
    bind(vps)
    path, body = call_of(verb)
    refused = with_token(bob).post(f"/api/vps/{vps.id}/{path}", body, content_type="application/json")
    nothing = with_token(bob).post(f"/api/vps/999999/{path}", body, content_type="application/json")
    assert (refused.status_code, refused.content) == (404, nothing.content)
    assert not Operation.objects.exists()
    assert with_token(alice).post(f"/api/vps/{vps.id}/{path}", body, content_type="application/json").status_code == 202


def test_api_reboot_is_accepted_as_an_operation(with_token: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    answer = with_token(alice).post(f"/api/vps/{vps.id}/reboot")
    assert answer.status_code == 202
    operation = answer.json()["operation"]
    assert (operation["kind"], operation["state"], operation["progress"]) == ("reboot", "queued", 0)
    assert (operation["vps_id"], operation["requested_by"], operation["error"]) == (vps.id, "alice", None)
    assert answer.json()["vps"]["id"] == vps.id
    assert Event.objects.get().type == "operation.queued"
    assert with_token(alice).get(f"/api/operations/{operation['id']}").json()["operation"] == operation
    assert with_token(alice).get(f"/api/vps/{vps.id}/operations").json()["operations"] == [operation]


def test_api_operations_shows_bob_no_operation_of_alices(with_token: Any, alice: Any, bob: Any, make_vps: Any) -> None:
    operation = operation_of(make_vps(alice))
    assert with_token(alice).get(f"/api/operations/{operation.id}").status_code == 200
    assert with_token(bob).get(f"/api/operations/{operation.id}").json()["code"] == "operation_not_found"


def test_api_stop_beside_an_open_operation_is_refused_with_that_one(
    with_token: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    first = with_token(alice).post(f"/api/vps/{vps.id}/reboot").json()["operation"]
    second = with_token(alice).post(f"/api/vps/{vps.id}/stop", content_type="application/json")
    assert (second.status_code, second.json()["code"]) == (409, "operation_in_progress")
    assert second.json()["operation"] == first


def test_api_stop_overtakes_an_open_operation_only_if_it_is_forced(
    with_token: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    first = with_token(alice).post(f"/api/vps/{vps.id}/stop", content_type="application/json").json()["operation"]
    forced = with_token(alice).post(f"/api/vps/{vps.id}/stop", {"force": True}, content_type="application/json")
    assert forced.status_code == 202
    overtaken = Operation.objects.get(pk=first["id"])
    assert (overtaken.state, overtaken.error_code) == ("failed", "superseded")
    again = with_token(alice).post(f"/api/vps/{vps.id}/stop", {"force": True}, content_type="application/json")
    assert again.json()["code"] == "operation_in_progress"


@pytest.mark.parametrize("force", ["yes", 1, None])
def test_api_stop_takes_force_as_true_or_false_alone(
    with_token: Any, alice: Any, make_vps: Any, bind: Any, force: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    answer = with_token(alice).post(f"/api/vps/{vps.id}/stop", {"force": force}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize(("status", "code"), [("suspended", "vps_suspended"), ("creating", "vps_creating")])
def test_api_start_of_what_cannot_be_controlled_says_why(
    with_token: Any, alice: Any, make_vps: Any, bind: Any, status: str, code: str
) -> None:
    vps = make_vps(alice, status=status)
    bind(vps, power="stopped")
    answer = with_token(alice).post(f"/api/vps/{vps.id}/start")
    assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_api_start_of_a_server_without_a_guest_says_so(with_token: Any, alice: Any, make_vps: Any) -> None:
    answer = with_token(alice).post(f"/api/vps/{make_vps(alice).id}/start")
    assert (answer.status_code, answer.json()["code"]) == (409, "vps_unbound")


def test_api_stats_shows_what_was_heard_last_and_not_what_is_private(
    with_token: Any, alice: Any, make_vps: Any, bind: Any
) -> None:
    vps = make_vps(alice)
    placement = bind(vps)
    assert with_token(alice).get(f"/api/vps/{vps.id}/stats").json()["stats"] is None
    keep_use(placement, cpu=0.5)
    shown = with_token(alice).get(f"/api/vps/{vps.id}/stats").json()["stats"]
    assert shown["cpu"] == 0.5
    assert not {"at", "counted"} & set(shown)


def test_api_stats_refuses_an_unknown_timeframe(with_token: Any, alice: Any, make_vps: Any) -> None:
    answer = with_token(alice).get(f"/api/vps/{make_vps(alice).id}/stats?timeframe=decade")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api/vps/0", "/api/vps/99999999999", "/api/vps/%D9%A1", "/api/vps/1/fly"]
)
def test_api_address_that_is_not_there_is_404_in_json(with_token: Any, alice: Any, path: str) -> None:
    answer = with_token(alice).get(path)
    assert answer.status_code == 404
    assert answer.json()["status"] == "error"


def test_api_vps_list_takes_the_main_sites_key_for_no_customers_token(make_vps: Any, alice: Any, settings: Any) -> None:
    make_vps(alice)
    assert Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]}).get("/api/vps").status_code == 401


def test_api_start_on_an_unreachable_hypervisor_is_503_and_says_when_to_try_again(
    with_token: Any, alice: Any, make_vps: Any, bind: Any, cluster: Any
) -> None:
    vps = make_vps(alice)
    bind(vps)
    type(cluster).objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    answer = with_token(alice).post(f"/api/vps/{vps.id}/start")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert answer.json()["code"] == "hypervisor_unavailable"
    assert not Operation.objects.exists()


def test_api_start_names_no_time_where_its_refusal_does_not_pass_by_itself(
    with_token: Any, alice: Any, make_vps: Any
) -> None:
    answer = with_token(alice).post(f"/api/vps/{make_vps(alice, status='suspended').id}/start")
    assert (answer.status_code, answer.get("Retry-After")) == (409, None)
