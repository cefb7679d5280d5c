"""Rounds of reconcile: what they cost however many guests there are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from vps.models import Cluster, Placement, Vps
from vps.services.reconcile import learn, reconcile

WRITTEN = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables WHERE relname = ANY(%s)"


@pytest.fixture
def many(alice: Any, simulated: Any, real_cluster: Cluster) -> Callable[[int], list[Placement]]:
    """So many of Alice's servers, all stopped; each guest has been identified."""

    def make(count: int) -> list[Placement]:
        guests = simulated.add_many(range(100, 100 + count))
        size = {"cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12", "status": "stopped"}
        vpses = Vps.objects.bulk_create([Vps(user=alice, name=guest["name"], **size) for guest in guests])
        rows = zip(vpses, guests, strict=True)
        placed: list[Placement] = Placement.objects.bulk_create(
            [place(vps, guest, real_cluster) for vps, guest in rows]
        )
        return placed

    return make


def place(vps: Vps, guest: dict[str, Any], cluster: Cluster) -> Placement:
    where = {name: guest[name] for name in ("kind", "vmid", "node", "power")}
    return Placement(vps=vps, cluster=cluster, identity=guest["uuid"], **where)


def rows_written() -> int:
    """By PostgreSQL's own count, in this test."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, [["vps", "placements", "events", "operations"]])
        return int(cursor.fetchone()[0])


# What a round costs


def test_a_second_round_writes_no_row(many: Any, simulated: Any, real_cluster: Cluster) -> None:
    many(60)
    simulated.add_many(range(100, 150), power="running")
    assert reconcile(real_cluster.pk) == 50
    before = rows_written()
    assert reconcile(real_cluster.pk) == 0
    assert rows_written() == before


def test_a_round_writes_a_row_of_what_changed_and_of_nothing_else(
    many: Any, simulated: Any, real_cluster: Cluster
) -> None:
    many(20)
    before = rows_written()
    simulated.add_many(range(100, 103), power="running")
    assert reconcile(real_cluster.pk) == 3
    assert rows_written() - before == 3 * 3


def test_a_round_makes_one_call_however_many_guests_there_are(many: Any, simulated: Any, real_cluster: Cluster) -> None:
    many(60)
    reconcile(real_cluster.pk)
    simulated.add_many(range(100, 160), power="running")
    simulated.forget_load()
    reconcile(real_cluster.pk)
    assert simulated.load()["by_path"] == {"GET /cluster/resources": 1}


def test_sixty_changes_cost_as_many_queries_as_five(many: Any, simulated: Any, real_cluster: Cluster) -> None:
    many(60)
    reconcile(real_cluster.pk)
    costs = []
    for power, vmids in (("running", range(100, 105)), ("stopped", range(100, 105)), ("running", range(100, 160))):
        simulated.add_many(vmids, power=power)
        with CaptureQueriesContext(connection) as queries:
            assert reconcile(real_cluster.pk) == len(vmids)
        costs.append(len(queries))
    assert costs == costs[:1] * 3


def test_what_is_too_much_for_one_transaction_is_learnt_in_several(
    many: Any, simulated: Any, real_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(20)
    monkeypatch.setattr(learn, "AT_ONCE", 7)
    simulated.add_many(range(100, 120), power="running")
    assert reconcile(real_cluster.pk) == 20
    assert set(Vps.objects.values_list("status", "placement__power")) == {("running", "running")}


def test_a_power_is_known_since_it_changed_and_missing_since_it_went(
    many: Any, simulated: Any, real_cluster: Cluster
) -> None:
    long_ago = timezone.now() - timedelta(days=1)
    many(3)
    Placement.objects.update(power_since=long_ago)
    simulated.change(100, power="running")
    simulated.change(101, node="pve2")
    simulated.call("DELETE", "guests/102")
    reconcile(real_cluster.pk)
    started, moved, gone = Placement.objects.order_by("vmid")
    assert started.power_since > long_ago
    assert (moved.power_since, gone.power_since) == (long_ago, long_ago)
    assert (started.missing_since, moved.missing_since) == (None, None)
    assert gone.missing_since > long_ago
