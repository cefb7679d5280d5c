"""The main site repeats what it is not sure of: keys, its own ids and its own times, and nothing is done twice."""

import hashlib
import json
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client

from tests.seams import Shorten
from vps.models import Event, ExternalId, Operation, Vps
from web import idempotency, json_pieces
from web.models import KeptAnswer

ORDER = {"name": "web-01", "status": "creating", "cpu": 4, "ram": 8192, "disk": 100, "os": "Ubuntu 22.04 LTS"}
NOW = datetime.now(UTC)


def send(body: Any, key: str | None = None, path: str = "/api/vps/sync", **headers: str) -> Any:
    headers |= {"X-API-Key": settings.MAIN_SITE_API_KEYS[0]} | ({"Idempotency-Key": key} if key else {})
    return Client(headers=headers).post(path, body, content_type="application/json")


def order(user: Any, **vps: Any) -> dict[str, Any]:
    return {"action": "create", "vps": {"user_id": user.id} | ORDER | vps}


def update(occurred_at: datetime | None = None, **vps: Any) -> dict[str, Any]:
    return {"action": "update", "vps": vps} | ({"occurred_at": occurred_at.isoformat()} if occurred_at else {})


def at_once(body: Any, key: str | None, copies: int) -> list[Any]:
    def one(_: int) -> Any:
        try:
            return send(body, key)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(copies) as threads:
        return list(threads.map(one, range(copies)))


# Idempotency-Key


def test_idempotency_key_gives_a_repeat_the_first_answer_to_the_byte_and_does_nothing(alice: Any) -> None:
    first = send(order(alice), "order-17")
    again = send(order(alice), "order-17")
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Vps.objects.count() == Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_idempotency_key_makes_fifty_copies_at_once_one_vps(alice: Any) -> None:
    answers = at_once(order(alice), "order-17", 50)
    assert {answer.status_code for answer in answers} <= {201, 409}
    created = {answer.content for answer in answers if answer.status_code == 201}
    busy = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert (len(created), busy - {"request_in_progress"}) == (1, set())
    assert Vps.objects.count() == 1


def test_idempotency_key_with_another_body_is_refused_and_changes_nothing(alice: Any) -> None:
    send(order(alice), "order-17")
    answer = send(order(alice, name="web-02"), "order-17")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Vps.objects.count() == 1


def test_idempotency_key_takes_the_same_json_written_otherwise_as_the_same_body(alice: Any) -> None:
    send(json.dumps(order(alice)), "order-17")
    spaced = json.dumps(dict(reversed(order(alice).items())), indent=2)
    assert send(spaced, "order-17")["Idempotency-Replayed"] == "true"


def test_idempotency_key_keeps_no_refusal_so_it_works_once_the_fault_is_mended(alice: Any) -> None:
    body = order(alice, placement={"cluster": "new", "node": "pve1", "vmid": 100, "kind": "qemu"})
    assert send(body, "order-17").status_code == 400
    assert not KeptAnswer.objects.exists()
    assert send(order(alice), "order-17").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_idempotency_key_refuses_a_copy_of_what_still_runs_for_a_moment(alice: Any, shorten: Shorten) -> None:
    shorten(copy_waits="50ms")
    asked = {"caller": "main site", "path": "/api/vps/sync", "key": "order-17"}
    raw = connections["default"].copy()
    raw.connect()
    with raw.cursor() as cursor:
        cursor.execute(idempotency.LOCK.replace("_xact", ""), [json.dumps(asked)])
        answer = send(order(alice), "order-17")
        cursor.execute("SELECT pg_advisory_unlock_all()")
    raw.close()
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (409, "request_in_progress", "1")
    assert send(order(alice), "order-17").status_code == 201


@pytest.mark.parametrize(
    ("key", "status"),
    [("a", 201), ("x" * 255, 201), ('"quoted"', 201), ("", 400), ("x" * 256, 400), ("a b", 400), ("é", 400)],
)
def test_idempotency_key_is_visible_ascii(alice: Any, key: str, status: int) -> None:
    answer = send(order(alice), **{"Idempotency-Key": key})
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["code"] == "invalid_idempotency_key"


def test_idempotency_key_in_quotes_is_the_key_without_its_quotes(alice: Any) -> None:
    send(order(alice), '"order-17"')
    assert send(order(alice), "order-17")["Idempotency-Replayed"] == "true"


def test_idempotency_key_shows_no_customer_the_answer_of_another(
    alice: Any, bob: Any, with_token: Any, make_vps: Any, bind: Any
) -> None:
    theirs, his = make_vps(alice), make_vps(bob, name="his")
    for vmid, vps in enumerate((theirs, his), 100):
        bind(vps, vmid)

    def reboot(user: Any, vps: Vps) -> Any:
        headers = {"Idempotency-Key": "mine"}
        return with_token(user).post(f"/api/vps/{vps.pk}/reboot", content_type="application/json", headers=headers)

    first = reboot(alice, theirs)
    assert (first.status_code, reboot(alice, theirs).content) == (202, first.content)
    assert (reboot(bob, theirs).status_code, reboot(bob, his).status_code) == (404, 202)
    assert Operation.objects.count() == 2


def test_kept_answer_is_kept_for_a_day_at_least_and_then_forgotten(alice: Any) -> None:
    send(order(alice), "order-17")
    age(timedelta(hours=47))
    assert (idempotency.forget_old(), KeptAnswer.objects.count()) == (0, 1)
    age(timedelta(hours=2))
    assert idempotency.forget_old() == 1


def age(by: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kept_answers SET created_at = created_at - %s", [by])


@pytest.mark.parametrize("body", [None, {"б": 'я\x7f😀\u2028"\\\n\0', "a": [1, 1.5, True, "\ud800"]}, "я" * 200_000])
def test_sha256_of_a_body_is_the_one_that_the_release_before_took(body: Any) -> None:
    assert idempotency.sha256_of(body) == hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


@pytest.mark.parametrize("size", [1, 2, 5, 500])
def test_sha256_of_a_body_that_was_read_in_pieces_is_that_of_the_whole(shorten: Shorten, size: int) -> None:
    shorten(commands_a_part=size)
    body = {"z": [{"б": 1}], "operations": [{"b": "я\x7f", "a": [1, 1.5, "\ud83d\ude00"]}] * 5, "atomic": True}
    for text in (json.dumps(body), json.dumps(body | {"operations": []})):
        read = json_pieces.loads(text.encode(), 1000, "operations", partial(json_pieces.Pieces, keeps_texts=True))
        assert isinstance(read["operations"], json_pieces.Pieces)
        assert idempotency.sha256_of(read) == idempotency.sha256_of(json.loads(text))


def test_sha256_of_a_long_text_takes_no_more_than_twice_what_the_text_does() -> None:
    """C5: with the body itself and what was read of it that is four times its size."""
    body = {"operations": [], "ignored": "я" * 7_000_000}
    tracemalloc.start()
    try:
        idempotency.sha256_of(body)
        assert tracemalloc.get_traced_memory()[1] < 2.1 * 14_000_000
    finally:
        tracemalloc.stop()


# The main site's own ids


def test_sync_create_of_an_external_id_again_gives_the_vps_that_is_there_unchanged(alice: Any) -> None:
    first = send(order(alice, external_id="17"))
    again = send(order(alice, external_id="17", name="other", cpu=8))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert first.json()["vps"]["external_id"] == "17"


@pytest.mark.django_db(transaction=True)
def test_sync_create_of_one_external_id_fifty_times_at_once_makes_one_vps(alice: Any) -> None:
    answers = at_once(order(alice, external_id="17"), None, 50)
    assert sorted({answer.status_code for answer in answers}) == [200, 201]
    assert [answer.status_code for answer in answers].count(201) == 1
    assert len({answer.json()["vps"]["id"] for answer in answers}) == 1


def test_sync_update_and_delete_may_name_the_external_id_instead_of_the_id(alice: Any) -> None:
    id = send(order(alice, external_id="17")).json()["vps"]["id"]
    assert send(update(external_id="17", status="running")).json()["vps"] | {"id": id, "status": "running"}
    assert Vps.objects.get().status == "running"
    deleted = {"action": "delete", "vps": {"external_id": "17"}}
    first, again = send(deleted).json(), send(deleted).json()
    assert again == first | {"already_deleted": True}
    assert not Vps.objects.exists()


def test_sync_create_that_is_late_does_not_bring_back_what_was_deleted(alice: Any) -> None:
    send(order(alice, external_id="17"))
    send({"action": "delete", "vps": {"external_id": "17"}})
    answer = send(order(alice, external_id="17"))
    assert (answer.status_code, answer.json()["code"]) == (409, "vps_deleted")
    assert not Vps.objects.exists()


def test_sync_update_can_give_an_external_id_later_and_once(alice: Any, make_vps: Any) -> None:
    one, other = make_vps(alice), make_vps(alice)
    assert send(update(id=one.pk, external_id="17")).json()["vps"]["external_id"] == "17"
    assert send(update(id=one.pk, external_id="17")).status_code == 200
    assert code(send(update(id=one.pk, external_id="18"))) == (409, "external_id_mismatch")
    assert code(send(update(id=other.pk, external_id="17"))) == (409, "external_id_taken")
    assert code(send({"action": "delete", "vps": {"id": other.pk, "external_id": "17"}})) == (
        409,
        "external_id_mismatch",
    )
    assert [named.external_id for named in ExternalId.objects.all()] == ["17"]


def test_sync_create_that_is_refused_leaves_its_external_id_free(alice: Any) -> None:
    answer = send({"action": "create", "vps": {"user_id": 424242} | ORDER | {"external_id": "17"}})
    assert answer.status_code == 400
    assert send(order(alice, external_id="17")).status_code == 201


@pytest.mark.parametrize("value", ["", "x" * 192, 17, "a\nb", None])
def test_sync_create_takes_a_short_printable_text_as_an_external_id(alice: Any, value: Any) -> None:
    assert send(order(alice, external_id=value)).status_code == 400


@pytest.mark.parametrize("action", ["update", "delete"])
def test_sync_update_and_delete_do_not_find_an_unknown_external_id(db: None, action: str) -> None:
    assert code(send({"action": action, "vps": {"external_id": "nowhere", "status": "running"}})) == (
        404,
        "vps_not_found",
    )


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# The main site's own times


def test_occurred_at_older_than_what_was_applied_changes_nothing(alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice, status="creating")
    send(update(NOW, id=vps.pk, status="suspended"))
    late = send(update(NOW - timedelta(seconds=1), id=vps.pk, status="running"))
    assert (late.status_code, late.json()["applied"], late.json()["vps"]["status"]) == (200, False, "suspended")
    assert "applied" not in send(update(NOW + timedelta(seconds=1), id=vps.pk, status="running")).json()
    vps.refresh_from_db()
    assert vps.status == "running"


def test_occurred_at_of_the_same_update_twice_changes_nothing_the_second_time(alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    for _ in range(2):
        assert "applied" not in send(update(NOW, id=vps.pk, cpu=8)).json()
    assert Event.objects.count() == 1


def test_occurred_at_is_compared_as_a_time_and_not_as_a_text(alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    send({"action": "update", "vps": {"id": vps.pk, "cpu": 8}, "occurred_at": "2025-10-27T12:00:00+03:00"})
    late = send({"action": "update", "vps": {"id": vps.pk, "cpu": 4}, "occurred_at": "2025-10-27T08:59:59.999Z"})
    assert late.json()["applied"] is False


@pytest.mark.parametrize(
    "value", ["2025-10-27T10:30:00-23:59", "2025-10-27T10:30:00.123456789Z", "0001-01-01T00:00:00Z"]
)
def test_occurred_at_of_any_offset_and_fraction_is_known_again(alice: Any, make_vps: Any, value: str) -> None:
    command = {"action": "update", "vps": {"id": make_vps(alice).pk, "cpu": 8}, "occurred_at": value}
    assert [send(command).status_code for _ in range(2)] == [200, 200]
    since = Client(headers={"X-API-Key": settings.MAIN_SITE_API_KEYS[0]}).get("/api/vps/sync", {"updated_since": value})
    assert since.status_code == 200


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2016-12-31T23:59:60Z"])
def test_occurred_at_that_cannot_be_kept_is_refused(alice: Any, make_vps: Any, value: str) -> None:
    answer = send({"action": "update", "vps": {"id": make_vps(alice).pk, "cpu": 8}, "occurred_at": value})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["occurred_at"])


@pytest.mark.parametrize(
    "value", ["yesterday", "2025-10-27", "2025-10-27T10:30:00", 1761561000, "2025-13-27T10:30:00Z", ""]
)
def test_occurred_at_without_its_offset_is_refused(alice: Any, make_vps: Any, value: Any) -> None:
    answer = send({"action": "update", "vps": {"id": make_vps(alice).pk, "cpu": 8}, "occurred_at": value})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["occurred_at"])


def test_occurred_at_in_the_future_would_keep_out_all_later_commands_and_is_refused(alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    answer = send(update(NOW + timedelta(hours=1), id=vps.pk, cpu=8))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["occurred_at"])
    assert "applied" not in send(update(NOW, id=vps.pk, cpu=8)).json()
