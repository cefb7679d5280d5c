"""GET /api/vps/sync: what the panel says it holds, in pages and as one digest."""

import hashlib
from typing import Any

import pytest

from tests.vps.api.commands import batch, client, create, delete, update
from vps.models import Vps


def test_sync_read_reaches_every_vps_once_in_the_order_of_ids(alice: Any, bob: Any, make_vps: Any) -> None:
    made = [make_vps(user).pk for user in (alice, bob, alice, bob, alice)]
    seen, address = [], "/api/vps/sync?limit=2"
    while address:
        page = client().get(address).json()
        seen += [row["id"] for row in page["vps"]]
        assert page["count"] == len(page["vps"]) <= 2
        address = page["next"]
    assert seen == made


def test_sync_read_with_updated_since_leaves_out_what_has_not_changed(alice: Any, make_vps: Any) -> None:
    old, new = make_vps(alice), make_vps(alice)
    Vps.objects.filter(pk=old.pk).update(updated_at="2025-01-01T00:00:00Z")
    page = client().get("/api/vps/sync", {"updated_since": "2025-06-01T00:00:00+03:00", "limit": 1}).json()
    assert ([row["id"] for row in page["vps"]], page["next"]) == ([new.pk], None)
    assert client().get("/api/vps/sync", {"updated_since": "June"}).status_code == 400


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "limit=x", "after=-1", "after=99999999999"])
def test_sync_read_refuses_a_page_that_is_no_whole_number(db: None, query: str) -> None:
    assert client().get(f"/api/vps/sync?{query}").json()["code"] == "invalid"


def ids(query: str, **data: Any) -> list[int]:
    return [row["id"] for row in client().get("/api/vps/sync" + query, data).json()["vps"]]


def test_sync_read_gives_what_each_filter_asks_for_and_no_others(alice: Any, bob: Any) -> None:
    odd = "заказ 1/2%&?#+ü=,"
    batch(
        create(alice, external_id=odd, status="running"),
        create(alice, external_id="x", status="stopped"),
        create(bob, status="running"),
    )
    first, second, third = ids("")
    assert ids("", id=second) == [second]
    assert ids("", external_id=odd) == [first]
    assert ids("", user_id=alice.pk) == [first, second]
    assert ids("", status="running") == [first, third]
    assert ids("", status="running,stopped") == [first, second, third]
    assert ids("", status="running", user_id=alice.pk) == [first]
    assert ids("", user_id=alice.pk, after=first) == [second]


def test_sync_read_gives_an_empty_list_where_a_filter_finds_nothing(alice: Any, bob: Any) -> None:
    batch(create(alice, external_id="x"), delete(external_id="x"), create(alice, external_id="y"))
    for asked in ({"id": 2_147_483_647}, {"external_id": "x"}, {"external_id": "Y"}, {"user_id": bob.pk}):
        answer = client().get("/api/vps/sync", asked).json()
        assert answer == {"status": "success", "count": 0, "vps": [], "next": None}
    assert ids("", user_id=alice.pk, external_id="y", status="error") == []


def test_sync_read_keeps_its_filters_on_the_following_pages(alice: Any, bob: Any, make_vps: Any) -> None:
    mine = [[make_vps(alice, status="stopped"), make_vps(bob), make_vps(alice)][0].pk for _ in range(3)]
    seen, address = (
        [],
        f"/api/vps/sync?limit=1&user_id={alice.pk}&status=stopped,error&updated_since=2025-01-01T03:00:00%2B03:00",
    )
    while address:
        page = client().get(address).json()
        seen += [row["id"] for row in page["vps"]]
        address = page["next"]
    assert seen == mine


def test_sync_read_of_a_filter_is_one_query(alice: Any, django_assert_num_queries: Any) -> None:
    batch(*(create(alice, external_id=f"x{at}") for at in range(20)))
    # The other one writes the call down.
    for asked in ({}, {"user_id": alice.pk}, {"external_id": "x1"}, {"status": "creating", "limit": 3}):
        with django_assert_num_queries(2):
            client().get("/api/vps/sync", asked)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("id=0", "id"), ("id=x", "id"), ("id=", "id"), ("id=2147483648", "id"), ("user_id=", "user_id"),
        ("user_id=-1", "user_id"), ("external_id=", "external_id"), (f"external_id={'x' * 192}", "external_id"),
        ("status=", "status"), ("status=Running", "status"), ("status=running,", "status"),
        ("updated_since=", "updated_since"), ("digest=", "digest"), ("digest=0", "digest"), ("digest=true", "digest"),
        ("digest=1&user_id=5", "user_id"), ("digest=sum&after=5", "after"), ("digest=1&digest=1", "digest"),
        ("digest=Sum", "digest"), ("digest=1&digest=sum", "digest"),
        ("vps_id=5", "vps_id"), ("_=123", "_"), ("limit=1&limit=2", "limit"), ("ID=5", "ID"), ("=5", ""),
    ],
)  # fmt: skip
def test_sync_read_refuses_what_it_would_not_obey_and_names_it(db: None, query: str, field: str) -> None:
    answer = client().get(f"/api/vps/sync?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["errors"]) == [field]


def test_sync_read_names_the_parameters_that_there_are(db: None) -> None:
    message = client().get("/api/vps/sync?owner=5").json()["message"]
    names = "after, limit, updated_since, id, external_id, user_id, status, digest"
    assert message == f"owner: There is no such parameter. This address takes: {names}."


def sha256_of(rows: list[dict[str, Any]]) -> str:
    return hashlib.sha256("".join(map(line, rows)).encode()).hexdigest()


def sum_of(rows: list[dict[str, Any]]) -> str:
    hashes = (hashlib.sha256(line(row).encode()).hexdigest() for row in rows)
    return format(sum(int(one[:32], 16) for one in hashes) % 2**128, "032x")


DIGESTS = {"1": sha256_of, "sum": sum_of}


@pytest.mark.parametrize("digest", DIGESTS)
def test_sync_digest_is_what_the_other_side_computes(alice: Any, bob: Any, digest: str) -> None:
    batch(
        create(alice, external_id="17"),
        create(bob, name="Сервер №1", status="stopped"),
        create(bob, status="suspended"),
    )
    answer = client().get(f"/api/vps/sync?digest={digest}").json()
    rows = client().get("/api/vps/sync").json()["vps"]
    assert answer == {"status": "success", "count": 3, "digest": DIGESTS[digest](rows)}


def line(row: dict[str, Any]) -> str:
    state = "active" if row["status"] in ("running", "stopped") else row["status"]
    fields = [
        row["id"],
        row.get("external_id", ""),
        row["user_id"],
        row["name"],
        state,
        row["cpu"],
        row["ram"],
        row["disk"],
    ]
    return "\t".join(map(str, [*fields, row["os"], row["hypervisor"]])) + "\n"


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize(
    ("change", "is_seen"),
    [
        ({"status": "stopped"}, False),
        ({"ip_address": "192.0.2.1"}, False),
        ({"status": "suspended"}, True),
        ({"cpu": 8}, True),
        ({"external_id": "18"}, True),
    ],
)
def test_sync_digest_changes_with_what_the_main_site_decides_and_with_nothing_else(
    alice: Any, make_vps: Any, change: Any, is_seen: bool, digest: str
) -> None:
    vps = make_vps(alice)
    before = client().get(f"/api/vps/sync?digest={digest}").json()["digest"]
    batch(update(id=vps.pk, **change))
    assert (client().get(f"/api/vps/sync?digest={digest}").json()["digest"] != before) == is_seen


@pytest.mark.parametrize("digest", DIGESTS)
def test_sync_digest_of_nothing_at_all_is_one_too(db: None, digest: str) -> None:
    empty = {"status": "success", "count": 0, "digest": DIGESTS[digest]([])}
    assert client().get(f"/api/vps/sync?digest={digest}").json() == empty
