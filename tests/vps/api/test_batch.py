"""POST /api/vps/sync/batch: many commands at once, each by itself or all or none."""

import json
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.exceptions import ParseError

from tests.seams import Shorten
from tests.simulated import wait_for
from tests.vps.api.commands import ORDER, batch, client, create, delete, results, update
from vps.api import sync
from vps.models import Event, ExternalId, Operation, Placement, Tombstone, Vps
from web.json_body import StrictJSONParser, TooLarge, loads


def test_sync_batch_answers_in_order_and_each_command_stands_alone(alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    answer = batch(
        create(alice), update(id=vps.pk, cpu=8), update(id=424242, cpu=8), {"action": "drop"}, delete(id=vps.pk)
    )
    assert answer.status_code == 200
    assert results(answer) == ["success", "success", "vps_not_found", "missing_fields", "success"]
    assert answer.json()["status"] == "partial"
    assert [vps.name for vps in Vps.objects.all()] == ["web-01"]


def test_sync_batch_lets_a_later_command_see_what_an_earlier_one_did(alice: Any) -> None:
    named = {"external_id": "17"}
    answer = batch(
        create(alice, **named),
        create(alice, **named),
        update(**named, cpu=8),
        delete(**named),
        delete(**named),
        update(**named, cpu=1),
    )
    assert results(answer) == ["success", "success", "success", "success", "success", "vps_deleted"]
    rows = [result["vps"] for result in answer.json()["results"][:5]]
    assert (len({row["id"] for row in rows}), [row["cpu"] for row in rows]) == (1, [4, 4, 8, 8, 8])
    assert answer.json()["results"][4]["already_deleted"] is True
    assert not Vps.objects.exists()
    assert Tombstone.objects.get().row == rows[3]
    types = ["vps.created", "vps.updated", "vps.deleted"]
    assert list(Event.objects.order_by("id").values_list("type", flat=True)) == types


def test_sync_batch_that_is_atomic_is_all_or_nothing(alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    answer = batch(create(alice, external_id="17"), update(id=424242, cpu=8), delete(id=vps.pk), atomic=True)
    assert results(answer) == ["not_applied", "vps_not_found", "not_applied"]
    assert answer.json()["status"] == "error"
    assert (Vps.objects.get(), Event.objects.count(), ExternalId.objects.count()) == (vps, 0, 0)
    assert results(batch(create(alice), {"action": "drop", "vps": {}}, atomic=True)) == ["not_applied", "invalid"]
    assert Vps.objects.count() == 1
    assert batch(create(alice, external_id="17"), delete(id=vps.pk), atomic=True).json()["status"] == "success"


def test_sync_batch_ends_the_operation_of_a_vps_that_is_deleted_or_moved_and_frees_its_guest(
    alice: Any, make_vps: Any, bind: Any
) -> None:
    gone, moved = make_vps(alice), make_vps(alice)
    for vmid, vps in ((100, gone), (101, moved)):
        bind(vps, vmid)
        Operation.objects.create(vps=vps, kind="reboot", source="page", deadline_at="2030-01-01T00:00Z")
    where = {"cluster": "main", "node": "pve1", "kind": "qemu"}
    answer = batch(
        delete(id=gone.pk),
        update(id=moved.pk, placement=where | {"vmid": 100}),
        create(alice, placement=where | {"vmid": 101}),
    )
    assert results(answer) == ["success"] * 3
    codes = dict(Operation.objects.values_list("vps_id", "error_code"))
    assert codes == {gone.pk: "vps_deleted", moved.pk: "vps_unbound"}
    assert dict(Placement.objects.values_list("vmid", "vps_id"))[100] == moved.pk


def test_sync_batch_does_not_bind_two_to_one_guest(alice: Any, cluster: Any) -> None:
    placement = {"cluster": "main", "node": "pve1", "vmid": 107, "kind": "qemu"}
    assert results(batch(create(alice, placement=placement), create(alice, placement=placement))) == [
        "success",
        "placement_taken",
    ]
    assert Vps.objects.count() == Placement.objects.count() == 1


def test_sync_batch_that_is_empty_is_done(db: None) -> None:
    assert batch().json() == {"status": "success", "results": []}


@pytest.mark.parametrize(
    "body", [[], {}, {"operations": {}}, {"operations": [], "atomic": 1}, {"operations": [1] * 10_001}]
)
def test_sync_batch_refuses_what_is_no_batch(db: None, body: Any) -> None:
    answer = client().post("/api/vps/sync/batch", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_sync_batch_may_be_larger_than_other_bodies_but_not_endless(db: None) -> None:
    padding = {"operations": [], "padding": "x" * 2_000_000}
    assert client().post("/api/vps/sync/batch", padding, content_type="application/json").status_code == 200
    padding["padding"] *= 9
    answer = client().post("/api/vps/sync/batch", padding, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_sync_batch_costs_the_same_statements_whatever_its_size(alice: Any, cluster: Any) -> None:
    def life(first: int, count: int) -> int:
        names = [str(number) for number in range(first, first + count)]
        where = {"cluster": "main", "node": "pve1", "kind": "qemu"}
        with CaptureQueriesContext(
            connection,
        ) as queries:
            batch(*(create(alice, external_id=name, placement=where | {"vmid": 1000 + int(name)}) for name in names))
            batch(*(update(external_id=name, cpu=8) | {"occurred_at": "2025-10-27T10:30:00Z"} for name in names))
            answer = batch(*(delete(external_id=name) for name in names))
        assert answer.json()["status"] == "success"
        return len(queries)

    few, many = life(0, 2), life(100, 300)
    assert many == few <= 75


def test_sync_batch_is_safe_to_repeat_under_its_idempotency_key(alice: Any) -> None:
    body = {"operations": [create(alice), create(alice)]}
    answers = [
        client().post("/api/vps/sync/batch", body, content_type="application/json", headers={"Idempotency-Key": "b1"})
        for _ in range(2)
    ]
    assert answers[0].content == answers[1].content
    assert Vps.objects.count() == 2


def test_sync_batch_leaves_the_external_id_of_a_command_that_fails_free(alice: Any, make_vps: Any) -> None:
    for_nobody = {"action": "create", "vps": {"user_id": 424242} | ORDER | {"external_id": "17"}}
    assert results(batch(for_nobody, update(id=424242, external_id="18"), create(alice))) == [
        "unknown_user",
        "vps_not_found",
        "success",
    ]
    assert results(batch(create(alice, external_id="17"), update(id=make_vps(alice).pk, external_id="18"))) == [
        "success",
        "success",
    ]


def test_sync_batch_gives_no_new_vps_the_id_that_a_failed_command_named(alice: Any, make_vps: Any) -> None:
    gone = make_vps(alice).pk
    batch(delete(id=gone))
    answer = batch(
        update(id=gone, external_id="17"),
        create(alice, external_id="17"),
        update(id=2_000_000_000, external_id="18"),
        create(alice, external_id="18"),
    )
    assert results(answer) == ["vps_deleted", "success", "vps_not_found", "success"]
    made = {answer.json()["results"][at]["vps"]["id"] for at in (1, 3)}
    assert set(Vps.objects.values_list("id", flat=True)) == made
    assert not made & {gone, 2_000_000_000}


def test_sync_batch_keeps_nobody_from_an_id_that_was_guessed(alice: Any, make_vps: Any) -> None:
    following = make_vps(alice).pk + 1
    guesses = [update(id=following + ahead, external_id=f"0{ahead}") for ahead in range(3)]
    assert results(batch(*guesses, create(alice, external_id="17")))[3] == "success"


def test_sync_batch_takes_the_first_of_two_external_ids_for_one_vps(alice: Any, make_vps: Any) -> None:
    vps, other = make_vps(alice), make_vps(alice)
    answer = batch(
        update(id=vps.pk, external_id="b"),
        update(id=vps.pk, external_id="a"),
        update(id=other.pk, external_id="a"),
        create(alice, external_id="a"),
    )
    assert results(answer) == ["success", "external_id_mismatch", "success", "success"]
    assert answer.json()["results"][3]["vps"]["id"] == other.pk
    assert dict(ExternalId.objects.values_list("external_id", "vps_id")) == {"b": vps.pk, "a": other.pk}


# Many at once


@pytest.mark.django_db(transaction=True)
def test_sync_batch_that_took_too_long_over_its_transaction_may_be_sent_again(alice: Any) -> None:
    commands = [create(alice, external_id=str(number)) for number in range(6000)]  # A tenth of a second of computing.
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '1ms'")
    calm = client(raise_request_exception=False)
    answer = calm.post("/api/vps/sync/batch", {"operations": commands}, content_type="application/json")
    connection.close()
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "service_unavailable", "5")
    assert batch(*commands).json()["status"] == "success"
    assert Vps.objects.count() == 6000


@pytest.mark.django_db(transaction=True)
def test_sync_batch_leaves_threads_to_everybody_else(alice: Any, make_vps: Any, shorten: Shorten) -> None:
    shorten(batch_waits_s=0.2)
    vps = make_vps(alice)
    assert batch(update(id=vps.pk, cpu=4)).status_code == 200

    def once() -> int:
        try:
            return int(batch(update(id=vps.pk, cpu=8)).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        with transaction.atomic():
            Vps.objects.locked_one(vps.pk)
            batches = [threads.submit(once) for _ in range(4)]
            wait_for(lambda: sum(one.done() for one in batches) >= 2)
        assert sorted(one.result() for one in batches) == [200, 200, 503, 503]


def test_sync_batch_of_placements_rings_one_bell(
    alice: Any, cluster: Any, django_capture_on_commit_callbacks: Any
) -> None:
    where = {"cluster": "main", "node": "pve1", "kind": "qemu"}
    with django_capture_on_commit_callbacks() as rung:
        batch(*(create(alice, placement=where | {"vmid": vmid}) for vmid in range(100, 130)))
    with django_capture_on_commit_callbacks() as for_one:
        batch(create(alice, placement=where | {"vmid": 99_999}))
    assert len(rung) == len(for_one)


def test_sync_batch_lets_go_of_what_is_ignored_before_the_work(main_site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """C5: what is ignored is held no longer than it takes to read it."""
    apply, held = sync.sync.apply, []

    def watched(commands: Any, **how: Any) -> Any:
        held.append(tracemalloc.get_traced_memory()[0])
        return apply(commands, **how)

    monkeypatch.setattr(sync.sync, "apply", watched)
    body = json.dumps({"operations": [], "ignored": "a" * 14_000_000}).encode()
    tracemalloc.start()
    try:
        answer = client().post("/api/vps/sync/batch", body, content_type="application/json")
    finally:
        tracemalloc.stop()
    assert (answer.status_code, answer.json()["warnings"]) == (200, ["Unknown field ignored: ignored"])
    assert held[0] < 1.5 * len(body), "more than what this client keeps of it"


@pytest.mark.parametrize(
    "long", ["a" * 14_000_000, '\\"' * 7_000_000, "," * 14_000_000], ids=["plain", "escaped", "commas"]
)
def test_loads_takes_no_more_memory_than_four_times_the_body_for_one_long_string(long: str) -> None:
    """C5: what is not ours in a body is ignored, but it is read."""
    operations = [{"action": "create", "vps": {"name": f"web-{number}", "cpu": 4}} for number in range(10_000)]
    body = f'{{"operations":{json.dumps(operations)},"ignored":"{long}"}}'.encode()
    tracemalloc.start()
    try:
        assert len(loads(body, most_values=500_000)["operations"]) == 10_000
        assert tracemalloc.get_traced_memory()[1] < 3 * len(body), "and once the body itself"
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("values", [b"{},", b"[],", b'"ab",', b"1.5,"])
def test_loads_refuses_many_small_values_before_they_are_made(values: bytes) -> None:
    """C5: each costs Python many times what it costs the sender."""
    body = b"[" + values * (1024 * 1024 // len(values)) + b"0]"
    tracemalloc.start()
    try:
        with pytest.raises(ParseError):
            loads(body)
        assert tracemalloc.get_traced_memory()[1] < 3 * len(body)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("sign", "most_mib"), [("a", 15), ("é", 15), ("я", 12), ("😀", 7)])
def test_json_parser_counts_a_long_text_for_more_where_one_sign_is_wide(sign: str, most_mib: int) -> None:
    """C5: Python keeps every letter of a text as wide as the widest in it."""

    def parsed(mib: int) -> Any:
        body = f'{{"ignored":"{sign}{"a" * mib * 1024 * 1024}"}}'.encode()
        return StrictJSONParser().parse(BytesIO(body), parser_context={"view": sync.sync_batch.cls})

    tracemalloc.start()
    try:
        parsed(most_mib)
        assert tracemalloc.get_traced_memory()[1] < 4.1 * sync.sync_batch.cls.largest_body
    finally:
        tracemalloc.stop()
    with pytest.raises(TooLarge):
        parsed(most_mib + 1)
