"""A round over what has not changed: what it reads, writes, sends to Redis and holds in memory; and who is not quiet."""

import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from redis import connection as redis_connection

from vps.models import Cluster, Operation, Placement, PlacementMark, Vps
from vps.models.recognition import record_as_known
from vps.services.reconcile import reconcile
from vps.services.reconcile.brief import in_brief, in_full

WRITTEN = "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
# The cluster's row, two locks, the placements in brief, when it was heard, and the locks again.
STATEMENTS = 7
# Those that have long not said who they are, their marks, the nodes that do not answer, and that they are who they were.
ASKING = 4


@pytest.fixture
def fleet(alice: Any, simulated: Any, real_cluster: Cluster) -> Callable[[int], None]:
    """So many of Alice's running servers, each identified, after two rounds in which nothing was new."""

    def make(count: int) -> None:
        began = timezone.now().timestamp() - 3600
        guests = simulated.add_many(range(100, 100 + count), power="running", started_at=began)
        size = {"cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12", "status": "running"}
        vpses = Vps.objects.bulk_create([Vps(user=alice, name=guest["name"], **size) for guest in guests])
        placed = []
        for vps, guest in zip(vpses, guests, strict=True):
            where = {name: guest[name] for name in ("kind", "vmid", "node", "power")}
            placed.append(Placement(vps=vps, cluster=real_cluster, identity=guest["uuid"], **where))
        Placement.objects.bulk_create(placed)
        assert [reconcile(real_cluster.pk) for _ in range(2)] == [0, 0]

    return make


def statements(cluster: Cluster) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        reconcile(cluster.pk)
    return [query["sql"] for query in queries.captured_queries]


def written() -> dict[str, int]:
    """By PostgreSQL's own count, in this test."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        return dict(cursor.fetchall())


# What it costs


@pytest.mark.parametrize("count", [10, 1000])
def test_quiet_round_makes_as_many_statements_for_a_thousand_guests_as_for_ten(
    fleet: Any, real_cluster: Cluster, count: int
) -> None:
    fleet(count)
    assert len(statements(real_cluster)) == STATEMENTS


def test_quiet_round_writes_when_the_cluster_was_heard_and_nothing_else(fleet: Any, real_cluster: Cluster) -> None:
    fleet(60)
    before = written()
    reconcile(real_cluster.pk)
    differing = {table: number - before.get(table, 0) for table, number in written().items()}
    assert {table: number for table, number in differing.items() if number} == {"clusters": 1}


def test_round_reads_in_full_what_the_list_says_news_of_and_nothing_else(
    fleet: Any, simulated: Any, real_cluster: Cluster
) -> None:
    fleet(60)
    full = Placement.objects.filter(vmid__in=[103, 104]).values_list("pk", flat=True)
    simulated.change(103, power="stopped")
    simulated.change(104, node="pve2")
    (reading,) = [sql for sql in statements(real_cluster)[:8] if 'AS "looked_at"' in sql]
    assert all(f"{id}" in reading.rpartition(" IN (")[2] for id in full)
    assert reading.rpartition(" IN (")[2].count(",") == 1


@pytest.mark.parametrize("count", [1, 5])
def test_round_writes_by_one_statement_of_how_many_guests_are_who_they_were(
    fleet: Any, real_cluster: Cluster, count: int
) -> None:
    fleet(count)
    long_ago = minutes_ago(40)
    for _ in range(2):
        # The first time the marks are taken that come beside its identity.
        Placement.objects.update(identified_at=long_ago)
        made = statements(real_cluster)
    assert len(made) == STATEMENTS + ASKING, made
    assert not Placement.objects.filter(identified_at=long_ago).exists()


def test_round_learns_a_mark_that_a_guest_bears_newly_when_it_is_asked_in_turn(
    fleet: Any, simulated: Any, real_cluster: Cluster
) -> None:
    fleet(1)
    for more in ([], ["BC:24:11:00:0F:01"]):
        simulated.change(100, more_macs=more)
        Placement.objects.update(identified_at=minutes_ago(40))
        reconcile(real_cluster.pk)
    assert "mac:bc:24:11:00:0f:01" in PlacementMark.objects.known(Placement.objects.get().pk)


@pytest.mark.parametrize(
    "news",
    [
        {"doubted_since": timezone.now()},
        {"missing_since": timezone.now()},
        {"missing_since": timezone.now(), "identity_mismatch": "?"},
    ],
    ids=["in doubt", "missing", "another's"],
)
def test_guest_that_came_into_doubt_while_it_was_asked_has_not_said_who_it_is(fleet: Any, news: dict[str, Any]) -> None:
    fleet(1)
    long_ago = minutes_ago(40)
    Placement.objects.update(identified_at=long_ago, **news)
    record_as_known([Placement.objects.get().pk])
    assert Placement.objects.get().identified_at == long_ago


def test_quiet_round_sends_redis_a_command_for_many_guests_at_a_time(
    fleet: Any, real_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet(1000)
    sent = []
    packer = redis_connection.PythonRespSerializer
    pack = packer.pack

    def noted(self: Any, *command: Any) -> Any:
        sent.append(command[0])
        return pack(self, *command)

    monkeypatch.setattr(packer, "pack", noted)
    reconcile(real_cluster.pk)
    assert 0 < len(sent) <= 50, sent


def test_quiet_round_holds_no_more_memory_a_guest_than_its_list_needs(fleet: Any, real_cluster: Cluster) -> None:
    fleet(1000)
    tracemalloc.start()
    reconcile(real_cluster.pk)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most / 1000 < 5000, f"{most / 1000:.0f} bytes a guest"


# Who is not quiet


def minutes_ago(minutes: float) -> Any:
    return timezone.now() - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("columns", "is_quiet"),
    [
        ({}, True),
        ({"looked_at": minutes_ago(60)}, True),
        ({"looked_at": minutes_ago(1)}, False),
        ({"missing_since": minutes_ago(1)}, False),
        ({"doubted_since": minutes_ago(1)}, False),
        ({"identity_mismatch": "?"}, False),
        ({"identity": ""}, False),
        ({"power": "unknown"}, False),
        ({"power": "stopped"}, False),
    ],
)
def test_placement_is_quiet_where_a_list_that_says_the_same_leaves_nothing_to_do(
    fleet: Any, real_cluster: Cluster, columns: dict[str, Any], is_quiet: bool
) -> None:
    fleet(1)
    Placement.objects.update(**columns)
    assert [row.is_quiet for row in in_brief(real_cluster)] == [is_quiet]


@pytest.mark.parametrize(("status", "is_quiet"), [("suspended", True), ("creating", True), ("stopped", False)])
def test_placement_is_quiet_under_a_status_that_no_list_moves(
    fleet: Any, real_cluster: Cluster, status: str, is_quiet: bool
) -> None:
    fleet(1)
    Vps.objects.update(status=status)
    assert [row.is_quiet for row in in_brief(real_cluster)] == [is_quiet]


def test_placement_is_not_quiet_under_an_open_operation(fleet: Any, real_cluster: Cluster) -> None:
    fleet(1)
    Operation.objects.create(vps=Vps.objects.get(), kind="stop", source="page", deadline_at=minutes_ago(-1))
    assert [row.is_quiet for row in in_brief(real_cluster)] == [False]


@pytest.mark.parametrize(
    "write",
    [
        lambda: Placement.objects.get().see(power="running", node="pve1"),
        lambda: Vps.objects.update(status="suspended"),
        lambda: Placement.objects.update(node="pve2"),
    ],
    ids=["looked at", "suspended", "moved"],
)
def test_what_was_written_since_the_list_was_asked_for_is_left_to_the_next_round(
    fleet: Any, real_cluster: Cluster, write: Callable[[], Any]
) -> None:
    """What it knows now is newer than the list, and was not there to be held against it."""
    fleet(1)
    brief = list(in_brief(real_cluster))
    ids = [row.id for row in brief]
    assert [known.placement_id for known in in_full(real_cluster, brief, ids)] == ids
    write()
    assert in_full(real_cluster, brief, ids) == []
