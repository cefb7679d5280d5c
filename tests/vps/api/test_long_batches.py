"""POST /api/vps/sync/batch with more operations than are held at once: in parts it does what it does as a whole."""

import json
import random
import re
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from tests.seams import Shorten
from tests.vps.api.commands import batch, client, create, delete, results, served, update
from vps.models import Event, ExternalId, LastSyncTime, Notice, Placement, Suspension, Tombstone, Vps
from vps.services.sync import Needs, read

FIRST_ID = 5_000_000
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SUSPENDED = {"status": "suspended", "suspension": {"reason": "unpaid", "message": "Invoice 17"}}
# What is kept of a batch, by columns that say the same however it was written.
KEPT: list[tuple[Any, tuple[str, ...]]] = [
    (Vps, ("id", "name", "status", "cpu", "ip_address", "user_id")),
    (ExternalId, ("external_id", "vps_id")),
    (Event, ("type", "vps_id", "user_id", "data")),
    (Tombstone, ("vps_id", "row__name", "row__status")),
    (Placement, ("vps_id", "guest", "vmid")),
    (Suspension, ("vps_id", "reason", "message", "ended_at")),
    (LastSyncTime, ("vps_id", "occurred_at")),
    (Notice, ("user_id", "kind", "outcome", "vps_name")),
]


def in_parts_of(size: int, shorten: Shorten) -> None:
    shorten(commands_at_once=0, commands_a_part=size)


def of_all_kinds(by: random.Random, alice: Any, there: list[int], count: int) -> list[Any]:
    """Few names, and many commands: what a part has done meets the next in every way."""
    return [one_of_all_kinds(by, alice, there) for _ in range(count)]


def one_of_all_kinds(by: random.Random, alice: Any, there: list[int]) -> Any:
    name = {"external_id": f"n{by.randrange(8)}"}
    known = {"id": by.choice([*there, FIRST_ID + 3, 424_242])}
    placement = {"placement": {"cluster": "main", "node": "pve1", "kind": "qemu", "vmid": by.randrange(100, 104)}}
    change = by.choice([{"cpu": by.randrange(1, 9)}, {"status": "running"}, SUSPENDED, placement, {"name": 'ябл"око'}])
    when = by.choice([{}, {}, {"occurred_at": f"2025-10-2{by.randrange(9)}T10:30:00.{by.randrange(9)}Z"}])
    kinds = [
        create(alice, **name),
        create(alice, **name, **by.choice([placement, SUSPENDED, {"ram": 4_000_000}])),
        create(alice),
        {"action": "create", "vps": create(alice)["vps"] | {"user_id": 424_242} | name},
        update(**name, **change) | when,
        update(**known, **change) | when,
        update(**known, **name, **change),
        delete(**name),
        delete(**known),
        delete(**known, **name),
        by.choice([{"action": "drop"}, 17, {"action": "update", "vps": {}}, create(alice, cpu=0)]),
        update(**name, **change, unknown=1),
    ]
    return by.choice(kinds)


def outcome_of(operations: list[Any], **more: Any) -> dict[str, Any]:
    """The answer and what is kept then; and it is undone."""
    before = number_ids_from(FIRST_ID)
    with transaction.atomic():
        answer = batch(*operations, **more)
        kept = {model.__name__: list(model.objects.order_by("pk").values_list(*columns)) for model, columns in KEPT}
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(count), sum(sum) FROM digest_parts")
            kept["digest"] = cursor.fetchall()
        transaction.set_rollback(True)
    number_ids_from(before)
    found: dict[str, Any] = json.loads(TIME.sub("T", json.dumps(kept | {"answer": answer.json()}, default=str)))
    return found


def number_ids_from(first: int) -> int:
    """The one that would have come. What a sequence gives is not undone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('vps', 'id'))")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT setval(pg_get_serial_sequence('vps', 'id'), %s, false)", [first])
    return int(before)


@pytest.mark.parametrize("seed", range(6))
def test_sync_batch_in_parts_does_and_answers_what_it_does_as_a_whole(
    alice: Any, make_vps: Any, bind: Any, shorten: Shorten, seed: int
) -> None:
    there = [make_vps(alice).pk for _ in range(3)]
    bind(Vps.objects.get(pk=there[0]), 101)
    by = random.Random(seed)
    operations = of_all_kinds(by, alice, there, 60)
    whole = outcome_of(operations)
    assert whole["answer"]["status"] == "partial"
    for size in (1, 7):
        in_parts_of(size, shorten)
        assert outcome_of(operations) == whole, size


@pytest.mark.parametrize("seed", range(4))
def test_sync_batch_in_parts_that_is_atomic_fails_as_a_whole_does(
    alice: Any, make_vps: Any, shorten: Shorten, seed: int
) -> None:
    by = random.Random(seed)
    operations = of_all_kinds(by, alice, [make_vps(alice).pk], 12)
    whole = outcome_of(operations, atomic=True)
    in_parts_of(3, shorten)
    assert outcome_of(operations, atomic=True) == whole


def test_sync_batch_in_parts_that_is_atomic_leaves_nothing_where_its_last_command_fails(
    alice: Any, make_vps: Any, shorten: Shorten
) -> None:
    in_parts_of(2, shorten)
    vps = make_vps(alice)
    operations = [
        create(alice, external_id="17"),
        delete(id=vps.pk),
        create(alice),
        create(alice),
        update(id=424_242, cpu=8),
    ]
    answer = batch(*operations, atomic=True)
    assert results(answer) == ["not_applied"] * 4 + ["vps_not_found"]
    assert (Vps.objects.get(), Event.objects.count(), ExternalId.objects.count()) == (vps, 0, 0)
    assert batch(*operations[:4], atomic=True).json()["status"] == "success"


@pytest.mark.django_db(transaction=True)
def test_sync_batch_in_parts_meets_another_that_goes_the_other_way_and_neither_fails(
    alice: Any, make_vps: Any, cluster: Any, shorten: Shorten
) -> None:
    """Locked part by part, they would wait for each other in a circle."""
    in_parts_of(4, shorten)
    there = [make_vps(alice).pk for _ in range(12)]

    def once(number: int) -> Any:
        operations = [
            *(create(alice, external_id=f"{number // 2}-{at}") for at in range(12)),
            *(update(id=id, cpu=number + 1) for id in there),
        ]
        try:
            return batch(*operations[:: 1 if number % 2 else -1]).json()["status"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(once, range(12))) == ["success"] * 12
    assert Vps.objects.count() == 12 + 6 * 12


def test_lock_batch_keeps_from_its_parts_what_came_after_it(alice: Any, make_vps: Any) -> None:
    """It was not locked in its order, so nobody may wait for it."""
    early = make_vps(alice).pk
    asked = {early, early + 1}
    with transaction.atomic():
        long = read.lock_batch(Needs(ids={*asked}))
        assert make_vps(alice).pk == early + 1
        read.read_rows(long, Needs(), asked)
    assert long.vpses.keys() == {early}


def test_sync_batch_in_parts_takes_one_round_trip_more_for_each_part_of_creates(alice: Any, shorten: Shorten) -> None:
    def trips(parts: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            answer = batch(*(create(alice, external_id=f"{parts}-{at}") for at in range(10 * parts)))
        assert answer.json()["status"] == "success"
        return len(queries)

    in_parts_of(10, shorten)
    assert trips(8) - trips(3) == 5, "what is locked needs no reading"


def test_sync_batch_in_parts_is_done_once_under_its_idempotency_key(alice: Any, shorten: Shorten) -> None:
    """However the body is cut, it is the same."""

    def send(*operations: Any) -> Any:
        body, headers = {"operations": operations, "atomic": False}, {"Idempotency-Key": "b1"}
        return client().post("/api/vps/sync/batch", body, content_type="application/json", headers=headers)

    operations = [create(alice, name="яблоко"), create(alice), create(alice)]
    in_parts_of(2, shorten)
    first = send(*operations)
    in_parts_of(3, shorten)
    again = send(*operations)
    assert (first.status_code, again.content, again["Idempotency-Replayed"]) == (200, first.content, "true")
    assert send(*operations[1:]).status_code == 422
    assert Vps.objects.count() == 3


# Of the body. Where commands are short, the answer alone is five times as long.
MOST_MEMORY = {"warm": 30, "create": 4.5, "update": 12, "delete": 16}


@pytest.mark.django_db(transaction=True)
def test_sync_batch_in_parts_takes_little_memory_beside_its_body_and_its_answer(alice: Any, shorten: Shorten) -> None:
    """C5: a part is gone before the next."""
    shorten(commands_a_part=100)
    names = [f"order-{number}" for number in range(3000)]
    for name, commands in (
        ("warm", [create(alice) for _ in range(1001)]),  # What is loaded with the first call is not this one's.
        ("create", [create(alice, external_id=name) for name in names]),
        ("update", [update(external_id=name, status="running") for name in names]),
        ("delete", [delete(external_id=name) for name in names]),
    ):
        body = json.dumps({"operations": commands}).encode()
        assert most_memory(body) / len(body) < MOST_MEMORY[name], name


def most_memory(body: bytes) -> int:
    """As the web process has it."""
    key = settings.MAIN_SITE_API_KEYS[0]
    tracemalloc.start()
    try:
        answer = served("POST", "/api/vps/sync/batch", body, x_api_key=key)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.body.startswith(b'{"status":"success"')
    return most
