"""GET /api/vps/sync: what the panel says it holds, in pages and as one hash."""

import hashlib
from typing import Any

import pytest

from tests.vps.api.commands import batch, client, create, update
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


def test_sync_digest_is_what_the_other_side_computes(alice: Any, bob: Any) -> None:
    batch(
        create(alice, external_id="17"),
        create(bob, name="Сервер №1", status="stopped"),
        create(bob, status="suspended"),
    )
    answer = client().get("/api/vps/sync?digest=1").json()
    lines = "".join(line(row) for row in client().get("/api/vps/sync").json()["vps"])
    assert answer == {"status": "success", "count": 3, "digest": hashlib.sha256(lines.encode()).hexdigest()}


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
    alice: Any, make_vps: Any, change: Any, is_seen: bool
) -> None:
    vps = make_vps(alice)
    before = client().get("/api/vps/sync?digest=1").json()["digest"]
    batch(update(id=vps.pk, **change))
    assert (client().get("/api/vps/sync?digest=1").json()["digest"] != before) == is_seen


def test_sync_digest_of_nothing_at_all_is_one_too(db: None) -> None:
    empty = {"status": "success", "count": 0, "digest": hashlib.sha256(b"").hexdigest()}
    assert client().get("/api/vps/sync?digest=1").json() == empty
