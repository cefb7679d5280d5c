"""What a call of the main site costs, in what can be counted: round trips, and memory by the size of its body."""

import json
import tracemalloc
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg import Connection
from psycopg.pq import TransactionStatus

from tests.vps.api.commands import batch, client, create, delete, update
from vps.models import Vps
from vps.services import sync_calls

# Of the body: what it is read into, the rows, and the answer, which is longer than the body where commands are short.
MOST_MEMORY = {"create": 28, "update": 60, "delete": 100}


def trips(call: Any) -> int:
    """Round trips to PostgreSQL within the transaction of the call."""
    with CaptureQueriesContext(connection) as queries:
        call()
    sent = [query["sql"] for query in queries if "sync_calls" not in query["sql"]]
    return len([sql for sql in sent if not sql.startswith(("SAVEPOINT", "RELEASE"))])


def ask(body: dict[str, Any]) -> Any:
    answer = client().post("/api/vps/sync", body, content_type="application/json")
    assert answer.status_code < 300, answer.content
    return answer.json()


def life(user: Any, names: list[str]) -> list[tuple[str, list[Any]]]:
    return [
        ("create", [create(user, external_id=name) for name in names]),
        ("update", [update(external_id=name, status="running") for name in names]),
        ("nothing new", [update(external_id=name, status="running") for name in names]),
        ("delete", [delete(external_id=name) for name in names]),
        ("delete again", [delete(external_id=name) for name in names]),
    ]


# Reading what external ids mean, locking and reading the rows, and writing; a tombstone is looked for where a row is gone. By
# an id of ours the first two are one.
TRIPS = {"create": 2, "update": 3, "nothing new": 2, "delete": 3, "delete again": 3}


def test_sync_vps_reads_and_writes_in_three_round_trips(alice: Any) -> None:
    assert {what: trips(lambda: ask(commands[0])) for what, commands in life(alice, ["17"])} == TRIPS  # noqa: B023


def test_sync_vps_costs_no_trip_more_where_more_is_said(alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps, 107)
    assert trips(lambda: ask(create(alice))) == 2
    assert trips(lambda: ask(update(id=vps.pk, user_id=alice.pk) | {"occurred_at": "2025-10-27T10:30:00Z"})) == 2
    suspended = update(id=vps.pk, status="suspended", suspension={"reason": "unpaid"})
    assert trips(lambda: ask(suspended)) == 2 + 2, "what the guest did until then is noted"


@pytest.mark.django_db(transaction=True)
def test_sync_vps_begins_and_commits_without_a_trip_of_its_own(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what psycopg waits for, whoever asks: a statement, BEGIN or COMMIT, where there is anything to commit."""
    waits: list[str] = []
    wait: Any = Connection.wait

    def counted(self: Any, asked: Any, *args: Any, **kwargs: Any) -> Any:
        is_over = self.info.transaction_status == TransactionStatus.IDLE
        if not (asked.__name__ == "_set_autocommit_gen" or (asked.__name__ == "_commit_gen" and is_over)):
            waits.append(asked.__name__)
        return wait(self, asked, *args, **kwargs)

    monkeypatch.setattr(sync_calls.rows, "add", lambda row: None)
    made = ask(create(alice, external_id="17"))
    monkeypatch.setattr(Connection, "wait", counted)
    for body in (create(alice, external_id="18"), update(id=made["vps"]["id"], status="running")):
        waits.clear()
        ask(body)
        assert len(waits) == 2, waits


@pytest.mark.parametrize("count", [10, 1000])
def test_sync_batch_takes_the_same_round_trips_whatever_its_size(alice: Any, count: int) -> None:
    names = [str(number) for number in range(count)]
    assert {what: trips(lambda: batch(*commands)) for what, commands in life(alice, names)} == TRIPS  # noqa: B023


def test_sync_batch_makes_no_object_a_row(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(self: Vps, *args: Any, **columns: Any) -> None:
        raise AssertionError("an object costs ten times what a row does")

    monkeypatch.setattr(Vps, "__init__", made)
    for _, commands in life(alice, [str(number) for number in range(10)]):
        assert batch(*commands).json()["status"] == "success"


def test_sync_batch_takes_memory_by_the_size_of_its_body(alice: Any) -> None:
    """C5: and no more than so many times that, by Python's own account."""
    batch(create(alice))  # What is loaded with the first call is not this one's.
    for what, commands in life(alice, [str(number) for number in range(2000)]):
        if what in MOST_MEMORY:
            body = json.dumps({"operations": commands}).encode()
            assert most_memory(body) / len(body) < MOST_MEMORY[what], what


def most_memory(body: bytes) -> int:
    tracemalloc.start()
    try:
        answer = client().post("/api/vps/sync/batch", body, content_type="application/json")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.json()["status"] == "success"
    return most
