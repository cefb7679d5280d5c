"""GET /api/vps/sync/{id}… and …/external/{external_id}…: what the main site's client area shows of one server."""

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from tests.vps.api.commands import batch, client, create
from tests.vps.use import keep_use
from vps import operations
from vps.models import Event, ExternalId, Operation, SyncCall, Vps

READS = ("", "/stats", "/operations")
# Any printable text is an id: what an address, a shell or a file system would take for something else, too.
NAMES = [
    "order-1042",
    "5",
    "a/b",
    "x/",
    "/x",
    "a//b",
    "with space",
    "100%",
    "%2F",
    "a?b#c",
    "a+b;c&d",
    "Заказ №5",
    "🙂",
    "stats",
]


def address(external_id: str, end: str = "") -> str:
    return f"/api/vps/sync/external/{quote(external_id, safe='')}{end}"


def name(vps: Vps, external_id: str = "order-1042") -> None:
    ExternalId.objects.create(external_id=external_id, vps_id=vps.pk)


@pytest.fixture
def shop(alice: Any, make_vps: Any, bind: Any) -> Vps:
    vps: Vps = make_vps(alice)
    bind(vps, vmid=107)
    name(vps)
    return vps


def test_read_one_shows_where_a_server_is_what_is_seen_of_it_and_what_is_under_way(shop: Vps, carol: Any) -> None:
    operation = operations.request(shop, "reboot", by=carol, source="admin")
    answer = client().get(f"/api/vps/sync/{shop.pk}")
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"status", "vps", "placement", "observed", "suspension", "operation"}
    assert body["vps"] == shop.columns() | {"external_id": "order-1042"}
    assert body["placement"] == {"cluster": "main", "node": "pve1", "vmid": 107, "kind": "qemu"}
    assert (body["observed"]["power"], body["observed"]["reason"]) == ("running", None)
    assert (body["operation"]["id"], body["operation"]["requested_by"]) == (operation.pk, "carol")


def test_read_one_shows_a_placement_that_may_be_sent_as_it_is(shop: Vps) -> None:
    placed = client().get(f"/api/vps/sync/{shop.pk}").json()["placement"]
    (result,) = batch({"action": "update", "vps": {"id": shop.pk, "placement": placed}}).json()["results"]
    assert (result["status"], "warnings" in result) == ("success", False)


def test_read_one_says_of_a_server_without_a_guest_that_nobody_sees_it(alice: Any, make_vps: Any) -> None:
    body = client().get(f"/api/vps/sync/{make_vps(alice).pk}").json()
    assert (body["placement"], body["operation"], "external_id" in body["vps"]) == (None, None, False)
    assert body["observed"] == {"power": None, "since": None, "reason": "vps_unbound"}


@pytest.mark.parametrize("external_id", NAMES)
@pytest.mark.parametrize("end", READS)
def test_read_by_external_id_takes_any_text_that_is_one(alice: Any, make_vps: Any, external_id: str, end: str) -> None:
    vps, other = make_vps(alice), make_vps(alice)
    name(vps, external_id)
    name(other, "another")
    answer = client().get(address(external_id, end))
    assert (answer.status_code, answer.json()) == (200, client().get(f"/api/vps/sync/{vps.pk}{end}").json())


def test_read_by_external_id_that_ends_as_an_address_does_means_the_one_before(alice: Any, make_vps: Any) -> None:
    """Such an id is asked for by GET /api/vps/sync?external_id=, as the documents say."""
    name(make_vps(alice), "a/stats")
    answer = client().get(address("a/stats"))
    assert (answer.status_code, answer.json()["message"]) == (404, "There is no VPS with external_id 'a'.")


@pytest.mark.parametrize("end", READS)
def test_read_of_a_deleted_server_says_that_it_was_deleted(main_site: Any, shop: Vps, end: str) -> None:
    main_site("delete", id=shop.pk)
    for path in (f"/api/vps/sync/{shop.pk}{end}", address("order-1042", end)):
        answer = client().get(path)
        assert (answer.status_code, answer.json()["code"]) == (409, "vps_deleted")


@pytest.mark.parametrize("end", READS)
def test_read_of_a_server_that_never_was_is_404_and_names_it(shop: Vps, end: str) -> None:
    for path, named in (
        ("/api/vps/sync/999999", "999999"),
        (address("x" * 400), "external_id 'xxx"),
        (address("é"), "'é'"),
    ):
        answer = client().get(path + end)
        assert (answer.status_code, answer.json()["code"]) == (404, "vps_not_found")
        assert named in answer.json()["message"]


@pytest.mark.parametrize("end", READS)
def test_read_one_is_for_the_key_alone(with_token: Any, alice: Any, shop: Vps, end: str) -> None:
    for path in (f"/api/vps/sync/{shop.pk}{end}", address("order-1042", end)):
        assert client().get(path).status_code == 200
        for other in (Client(), Client(headers={"x-api-key": "wrong"}), with_token(alice)):
            refused = other.get(path)
            assert (refused.status_code, refused.json()["code"]) == (401, "invalid_api_key")


def test_read_stats_shows_what_the_owner_is_shown(with_token: Any, alice: Any, shop: Vps) -> None:
    keep_use(shop.placement, cpu=0.5)
    for query in ("", "?timeframe=hour"):
        shown = with_token(alice).get(f"/api/vps/{shop.pk}/stats{query}").json()
        assert shown["stats"]["cpu"] == 0.5
        assert client().get(f"/api/vps/sync/{shop.pk}/stats{query}").json() == shown
    assert client().get(f"/api/vps/sync/{shop.pk}/stats?timeframe=decade").status_code == 400


def ended(vps: Vps, **columns: Any) -> Operation:
    at = "2026-01-01T00:00Z"
    facts = {"kind": "stop", "state": "succeeded", "source": "page", "deadline_at": at, "finished_at": at}
    made: Operation = Operation.objects.create(vps=vps, **facts | columns)
    Event.objects.record("operation.queued", vps, source="page", operation=made, kind="stop")
    return made


def test_read_operations_shows_all_with_all_names_those_of_owners_before_too(
    main_site: Any, with_token: Any, alice: Any, bob: Any, carol: Any, shop: Vps
) -> None:
    made = [ended(shop, requested_by=alice), ended(shop, requested_by=carol, source="admin")]
    main_site("update", id=shop.pk, user_id=bob.pk)
    listed = client().get(f"/api/vps/sync/{shop.pk}/operations").json()["operations"]
    assert [(one["id"], one["requested_by"]) for one in listed] == [(made[1].pk, "carol"), (made[0].pk, "alice")]
    assert with_token(bob).get(f"/api/vps/{shop.pk}/operations").json()["operations"] == []


def test_read_operations_goes_on_page_by_page_by_any_name(alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    name(vps, "Заказ 100% / 5?")
    made = [ended(vps).pk for _ in range(5)]
    seen, following = [], address("Заказ 100% / 5?", "/operations?limit=2")
    while following:
        assert following.isascii()
        page = client().get(following).json()
        seen += [one["id"] for one in page["operations"]]
        following = page["next"]
    assert seen == made[::-1]


def test_read_operation_is_for_the_main_site_too_with_all_names(
    with_token: Any, alice: Any, bob: Any, carol: Any, shop: Vps
) -> None:
    operation = operations.request(shop, "reboot", by=carol, source="admin")
    path = f"/api/operations/{operation.pk}"
    shown = client().get(path).json()["operation"]
    assert shown["requested_by"] == "carol"
    assert with_token(alice).get(path).json()["operation"] == shown | {"requested_by": "staff"}
    assert with_token(bob).get(path).json()["code"] == "operation_not_found"
    assert client().get("/api/operations/999999").json()["code"] == "operation_not_found"
    refused = Client(headers={"x-api-key": "wrong"}).get(path)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_api_key")
    call = SyncCall.objects.get(status=200)
    assert (call.action, call.vps_id, call.path) == ("operation", shop.pk, path)


def test_read_operation_costs_the_main_site_one_query_and_the_calls_own(
    shop: Vps, carol: Any, django_assert_num_queries: Any
) -> None:
    operation = operations.request(shop, "reboot", by=carol, source="admin")
    for _ in range(20):
        ended(shop)
    with django_assert_num_queries(2):
        assert client().get(f"/api/operations/{operation.pk}").status_code == 200


def test_read_operation_outlives_its_server_for_the_main_site(main_site: Any, shop: Vps) -> None:
    operation = ended(shop)
    main_site("delete", id=shop.pk)
    shown = client().get(f"/api/operations/{operation.pk}").json()["operation"]
    assert (shown["id"], shown["vps_id"]) == (operation.pk, shop.pk)


@pytest.mark.parametrize("end", READS)
def test_read_one_is_written_down_as_the_main_sites_call(shop: Vps, end: str, caplog: Any) -> None:
    caplog.set_level("INFO", "sync")
    for path in (f"/api/vps/sync/{shop.pk}{end}", address("order-1042", end)):
        client().get(path)
    action = end.strip("/") or "read"
    assert list(SyncCall.objects.values_list("action", "vps_id", "minute")) == [(action, shop.pk, None)] * 2
    lines = [record.getMessage() for record in caplog.records if record.name == "sync"]
    assert ['"external_id": "order-1042"' in line for line in lines] == [True, True]


# And one more each: the call itself is written down.
@pytest.mark.parametrize(("end", "queries"), [("", 2), ("/stats", 2), ("/operations", 3)])
def test_read_one_costs_the_same_queries_however_much_there_is(
    shop: Vps, end: str, queries: int, alice: Any, django_assert_num_queries: Any
) -> None:
    for path in (f"/api/vps/sync/{shop.pk}{end}", address("order-1042", end)):
        with django_assert_num_queries(queries + 1):
            assert client().get(path).status_code == 200
    for _ in range(20):
        ended(shop, requested_by=alice)
    batch(*(create(alice, external_id=f"order-{at}") for at in range(20)))
    operations.request(shop, "reboot", by=alice, source="page")
    for path in (f"/api/vps/sync/{shop.pk}{end}", address("order-1042", end)):
        with django_assert_num_queries(queries + 1):
            assert client().get(path).status_code == 200
