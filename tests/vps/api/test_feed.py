"""The order in which events are read: whatever commits late is not skipped, and nothing comes twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.migrations.loader import MigrationLoader
from django.test import Client

from tests.conftest import waiting
from tests.simulated import wait_for
from vps.models import Event
from vps.models.event import ASSIGN_POSITIONS, AT_ONCE
from vps.services import webhooks


@pytest.fixture
def elsewhere() -> Iterator[Any]:
    """A connection beside Django's own, in the same database, whose transaction stays open."""
    wrapper = connections["default"].copy()
    wrapper.set_autocommit(False)
    yield wrapper
    wrapper.close()


INSERT = "INSERT INTO events (type, source, data, vps_id) VALUES ('vps.updated', 'system', '{}', %s) RETURNING id"


def read(after: int) -> list[tuple[int, int]]:
    Event.objects.assign_positions()
    return list(Event.objects.feed(after).values_list("position", "vps_id"))


@pytest.mark.django_db(transaction=True)
def test_feed_has_an_event_that_commits_late_after_what_was_read(elsewhere: Any) -> None:
    with elsewhere.cursor() as late, connection.cursor() as cursor:
        late.execute(INSERT, [1])
        cursor.execute(INSERT, [2])
    first = read(0)
    elsewhere.commit()
    assert [vps for _, vps in first] == [2]
    assert [vps for _, vps in read(first[-1][0])] == [1]


@pytest.mark.django_db(transaction=True)
def test_assign_positions_leaves_an_event_its_position() -> None:
    with connection.cursor() as cursor:
        for vps in (1, 2, 3):
            cursor.execute(INSERT, [vps])
    assert read(0) == read(0) == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.django_db(transaction=True)
def test_assign_positions_of_two_at_once_moves_no_event_that_has_been_read(elsewhere: Any) -> None:
    """The second sees an event that came late with a lower id, while the first has not committed its positions yet."""
    with elsewhere.cursor() as late, connection.cursor() as cursor:
        late.execute(INSERT, [1])
        cursor.execute(INSERT, [2])
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = read(0)
            elsewhere.commit()
            second = pool.submit(read_apart, 0)
            wait_for(lambda: second.done() or waiting())
            assert not second.done()
        assert (first, second.result()) == ([(1, 2)], [(1, 2), (2, 1)])


def read_apart(after: int) -> list[tuple[int, int]]:
    """With a connection of its own, which it gives back."""
    try:
        return read(after)
    finally:
        connection.close()


def much_happens(vps: Any, last: Any) -> None:
    """More than gets a position in one go, and of another server the last of it."""
    Event.objects.record_status([vps] * AT_ONCE, "stopped")
    Event.objects.record("vps.updated", last, source="sync", changed=["name"])


def test_api_events_finds_all_that_is_committed_however_much_it_is(
    with_token: Any, alice: Any, bob: Any, make_vps: Any
) -> None:
    much_happens(make_vps(bob), make_vps(alice))
    client: Client = with_token(alice)
    assert [event["type"] for event in client.get("/api/events").json()["events"]] == ["vps.updated"]


def test_migration_gives_positions_to_what_happened_before_an_upgrade_and_no_read_scans_it_all(
    alice: Any, make_vps: Any
) -> None:
    much_happens(make_vps(alice), make_vps(alice))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE events")
    name = "0015_what_happened_before_has_a_place_in_the_feed"
    migration = MigrationLoader(connection).graph.nodes[("vps", name)]
    migration.operations[0].code(None, connection.schema_editor())
    positions = list(Event.objects.order_by("id").values_list("position", flat=True))
    assert positions == list(range(1, AT_ONCE + 2))
    assert "events_not_settled" in Event.objects.filter(position=None).order_by().values("id")[:1].explain()


def test_assign_positions_takes_moments_though_the_statistics_hold_the_table_for_empty(
    alice: Any, make_vps: Any
) -> None:
    """As after a load that came before the next ANALYZE. Each compared with each costs a million rows here, and more
    than that means that it is numbered anew for each."""
    much_happens(make_vps(alice), make_vps(alice))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET reltuples = 0, relpages = 100 WHERE oid = 'events'::regclass")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {ASSIGN_POSITIONS}", [AT_ONCE])
        plan = cursor.fetchone()[0][0]["Plan"]
    assert rows_of(plan) < 2 * AT_ONCE * AT_ONCE < 10_000_000


def rows_of(plan: dict[str, Any]) -> float:
    """How many rows were handed from step to step."""
    below = sum(rows_of(part) for part in plan.get("Plans", []))
    return float(plan["Actual Rows"] * plan["Actual Loops"] + below)


def test_enqueue_gives_a_position_to_what_nobody_reads(alice: Any, make_vps: Any) -> None:
    Event.objects.record("vps.updated", make_vps(alice), source="sync")
    webhooks.enqueue()
    assert not Event.objects.filter(position=None).exists()
