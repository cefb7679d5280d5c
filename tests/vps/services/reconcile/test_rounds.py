"""Rounds of reconcile: what they cost however many guests there are, and who is asked when somebody is back."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.seams import Shorten
from vps import tasks
from vps.models import Cluster, ClusterNode, Event, Operation, Placement, Vps
from vps.services import binding, metrics
from vps.services.reconcile import reconcile

Rung = list[tuple[str, list[Any]]]
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
            [placement_of(vps, guest, real_cluster) for vps, guest in rows]
        )
        return placed

    return make


def placement_of(vps: Vps, guest: dict[str, Any], cluster: Cluster) -> Placement:
    where = {name: guest[name] for name in ("kind", "vmid", "node", "power")}
    return Placement(vps=vps, cluster=cluster, identity=guest["uuid"], **where)


@pytest.fixture
def rung(real_cluster: Cluster, django_capture_on_commit_callbacks: Any) -> Callable[[], Rung]:
    """A round, and what workers were rung for in it as they hear it: by the broker. Who tells webhooks is rung anyway."""

    def after_a_round() -> Rung:
        with django_capture_on_commit_callbacks(execute=True):
            reconcile(real_cluster.pk)
        return [bell for bell in bells() if bell[0] != "vps.deliver_all"]

    return after_a_round


def bells() -> Iterator[tuple[str, list[Any]]]:
    with current_app.connection_for_read() as broker, broker.SimpleQueue("celery") as queue:
        while message := queue.queue.get(no_ack=True):
            yield message.headers["task"], message.payload[0]


def test_reconcile_all_rings_for_one_cluster_after_the_other(
    real_cluster: Cluster, django_capture_on_commit_callbacks: Any
) -> None:
    """All at once they would wait for each other, a few of them each time for longer than the last time."""
    others = [Cluster.objects.create(name=name, hosts=["127.0.0.1:1"], token_secret="-") for name in ("b", "a")]
    with django_capture_on_commit_callbacks(execute=True):
        tasks.reconcile_all()
    with current_app.connection_for_read() as broker, broker.SimpleQueue("celery") as queue:
        found = list(iter(lambda: queue.queue.get(no_ack=True), None))
    rung = [(message.payload[0][0], message.headers["eta"]) for message in found]
    assert [id for id, _ in rung] == [real_cluster.pk, *(other.pk for other in others)]
    etas = [datetime.fromisoformat(eta) for _, eta in rung if eta]
    assert len(etas) == 2, "the first at once"
    assert timedelta(seconds=0.5) < etas[1] - etas[0] < timedelta(seconds=2)


def rows_written() -> int:
    """By PostgreSQL's own count, in this test."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, [["vps", "placements", "events", "operations"]])
        return int(cursor.fetchone()[0])


# What a round costs


def test_reconcile_writes_no_row_in_a_second_round(many: Any, simulated: Any, real_cluster: Cluster) -> None:
    placed = many(60)
    simulated.add_many(range(100, 150), power="running")
    Placement.objects.filter(pk=placed[0].pk).update(missing_since=timezone.now())
    Placement.objects.filter(pk=placed[1].pk).update(
        missing_since=timezone.now(), identity_mismatch="?", power="unknown"
    )
    assert reconcile(real_cluster.pk) == 48
    before = rows_written()
    assert reconcile(real_cluster.pk) == 0
    assert rows_written() == before


def test_reconcile_writes_a_row_of_what_changed_and_of_nothing_else(
    many: Any, simulated: Any, real_cluster: Cluster
) -> None:
    many(20)
    before = rows_written()
    simulated.add_many(range(100, 103), power="running")
    assert reconcile(real_cluster.pk) == 3
    assert rows_written() - before == 3 * 3


def test_reconcile_makes_one_call_however_many_guests_there_are(
    many: Any, simulated: Any, real_cluster: Cluster
) -> None:
    many(60)
    reconcile(real_cluster.pk)
    simulated.add_many(range(100, 160), power="running")
    simulated.forget_load()
    reconcile(real_cluster.pk)
    assert simulated.load()["by_path"] == {"GET /cluster/resources": 1}


def test_reconcile_costs_as_many_queries_for_sixty_changes_as_for_five(
    many: Any, simulated: Any, real_cluster: Cluster
) -> None:
    many(60)
    reconcile(real_cluster.pk)
    costs = []
    for power, vmids in (("running", range(100, 105)), ("stopped", range(100, 105)), ("running", range(100, 160))):
        simulated.add_many(vmids, power=power)
        with CaptureQueriesContext(connection) as queries:
            assert reconcile(real_cluster.pk) == len(vmids)
        costs.append(len(queries))
    assert costs == costs[:1] * 3


def test_reconcile_learns_in_several_transactions_what_is_too_much_for_one(
    many: Any, simulated: Any, real_cluster: Cluster, shorten: Shorten
) -> None:
    many(20)
    shorten(rows_learnt_at_once=7)
    simulated.add_many(range(100, 120), power="running")
    assert reconcile(real_cluster.pk) == 20
    assert set(Vps.objects.values_list("status", "placement__power")) == {("running", "running")}


def test_reconcile_notes_when_a_power_changed_and_when_a_guest_went(
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


# Who is back


def test_reconcile_believes_no_guest_that_is_listed_again_before_it_is_identified(
    many: Any, simulated: Any, real_cluster: Cluster, rung: Any
) -> None:
    (placement,) = many(1)
    simulated.call("DELETE", "guests/100")
    assert rung() == []
    simulated.add(vmid=100, power="running", uuid="bbbbbbbb-0000-0000-0000-000000000001")
    assert rung() == [("vps.identify", [placement.pk])]
    vps = Vps.objects.get()
    assert (vps.status, vps.shown.word, metrics.usage(vps)) == ("stopped", "unknown", None)


def test_reconcile_shows_nothing_of_a_guest_with_an_identity_mismatch(
    many: Any, simulated: Any, real_cluster: Cluster, rung: Any
) -> None:
    (placement,) = many(1)
    Placement.objects.update(missing_since=timezone.now())
    simulated.add(vmid=100, power="running", uuid="bbbbbbbb-0000-0000-0000-000000000001")
    binding.identify(placement.pk)
    assert rung() == []
    vps = Vps.objects.get()
    assert (vps.placement.identity_mismatch[:8], vps.placement.power, metrics.usage(vps)) == (
        "bbbbbbbb",
        "unknown",
        None,
    )


def test_reconcile_finds_and_measures_a_guest_that_is_itself_again(
    many: Any, simulated: Any, real_cluster: Cluster, rung: Any
) -> None:
    many(1)
    Placement.objects.update(missing_since=timezone.now())
    simulated.change(100, power="running")
    for _, (id,) in rung():
        binding.identify(id)
    assert Event.objects.filter(type="vps.found").count() == 1
    reconcile(real_cluster.pk)
    vps = Vps.objects.get()
    assert (vps.shown.word, metrics.usage(vps)["ram"]["total"]) == ("running", 1024**3)


@pytest.mark.parametrize("identity_mismatch", ["", "bbbbbbbb-0000-0000-0000-000000000001"])
def test_identify_asks_a_guest_that_is_back_on_another_node_there(
    many: Any, simulated: Any, real_cluster: Cluster, identity_mismatch: str
) -> None:
    (placement,) = many(1)
    long_ago = timezone.now() - timedelta(days=1)
    Placement.objects.update(missing_since=long_ago, identity_mismatch=identity_mismatch)
    simulated.change(100, node="pve2", power="running")
    reconcile(real_cluster.pk)
    assert Placement.objects.get().missing_since == long_ago
    binding.identify(placement.pk)
    placement.refresh_from_db()
    assert (placement.missing_since, placement.node, placement.power) == (None, "pve2", "running")


def test_reconcile_asks_for_the_identity_of_a_guest_that_had_none_when_it_went(
    many: Any, simulated: Any, real_cluster: Cluster, rung: Any
) -> None:
    (placement,) = many(1)
    Placement.objects.update(missing_since=timezone.now(), identity="")
    assert rung() == [("vps.identify", [placement.pk])]


def test_reconcile_asks_fifty_a_round_of_many_that_are_back_and_none_on_a_node_that_is_away(
    many: Any, simulated: Any, real_cluster: Cluster, rung: Any
) -> None:
    many(60)
    Placement.objects.update(missing_since=timezone.now())
    assert len({id for _, (id,) in rung()}) == 50
    simulated.call("PATCH", "nodes/pve1", {"up": False})
    assert rung() == []


# Nodes


def test_reconcile_has_a_node_asked_at_once_whose_guests_are_seen_again_and_no_other(
    many: Any, simulated: Any, real_cluster: Cluster
) -> None:
    many(2)
    nodes = [unreachable_node(real_cluster, name) for name in ("pve1", "pve2")]
    simulated.call("PATCH", "nodes/pve1", {"up": False})
    simulated.change(101, node="pve2")
    reconcile(real_cluster.pk)
    assert [is_held_back(node) for node in nodes] == [True, True]
    simulated.call("PATCH", "nodes/pve1", {"up": True})
    simulated.change(101, power="running")
    reconcile(real_cluster.pk)
    assert [is_held_back(node) for node in nodes] == [False, True]


def test_reconcile_concludes_nothing_of_a_node_from_a_guest_that_was_bound_just_now(
    many: Any, real_cluster: Cluster
) -> None:
    many(1)
    Placement.objects.update(identity="", power="unknown")
    node = unreachable_node(real_cluster, "pve1")
    assert reconcile(real_cluster.pk) == 1
    assert is_held_back(node)


def unreachable_node(cluster: Cluster, name: str) -> ClusterNode:
    node: ClusterNode = ClusterNode.objects.named(cluster.pk, name)
    node.record_failure("no route")
    ClusterNode.objects.filter(pk=node.pk).update(retry_at=timezone.now() + timedelta(seconds=180))
    return node


def is_held_back(node: ClusterNode) -> bool:
    return not node.admit_call()


@pytest.mark.parametrize("is_busy", [False, True])
def test_reconcile_follows_a_guest_that_moved_whatever_is_under_way(
    many: Any, simulated: Any, real_cluster: Cluster, is_busy: bool
) -> None:
    (placement,) = many(1)
    if is_busy:
        deadline = timezone.now() + timedelta(minutes=1)
        Operation.objects.create(vps=placement.vps, kind="start", source="page", deadline_at=deadline)
    simulated.change(100, node="pve2")
    reconcile(real_cluster.pk)
    assert Placement.objects.get().node == "pve2"
