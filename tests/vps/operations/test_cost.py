"""What a click costs until its command is at the hypervisor, in counts: calls, handshakes, statements."""

from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.simulated import Cluster as Simulated
from tests.simulated import wait_for
from tests.vps.conftest import at_once, bells, carry_out
from vps import operations
from vps.db.locks import slot
from vps.hypervisor.proxmox.transport import kept
from vps.models import Cluster, Operation, Placement, Vps
from web import crash_points

pytestmark = pytest.mark.django_db(transaction=True)
GUEST = "/nodes/{node}/{kind}/{vmid}"
READS = {f"GET {GUEST}/status/current": 1, f"GET {GUEST}/config": 1}
START = {f"POST {GUEST}/status/start": 1}


@pytest.fixture(autouse=True)
def cold() -> None:
    """As a worker that has just started."""
    kept.close()


@pytest.fixture
def commanded(server: Any, simulated: Simulated, alice: Any) -> Vps:
    """To which something was sent before, so that its guest's tasks are known."""
    vps: Vps = server()
    assert carry_out(operations.request(vps, "start", by=alice, source="page")).state == "succeeded"
    simulated.change(vps.placement.vmid, power="stopped")
    simulated.forget_load()
    return vps


def test_command_is_sent_after_two_calls_over_one_connection(
    commanded: Vps, simulated: Simulated, real_cluster: Cluster
) -> None:
    kept.close()
    operations.request(commanded, "start", by=None, source="page")
    operations.work(real_cluster.pk)
    load = simulated.load()
    assert (load["by_path"], load["handshakes"]) == (READS | START, 1)


def test_operations_of_one_process_share_a_connection(server: Any, simulated: Simulated, real_cluster: Cluster) -> None:
    for vmid in range(100, 110):
        operations.request(server(vmid=vmid), "start", by=None, source="page")
    operations.work(real_cluster.pk)
    Operation.objects.update(due_at="2020-01-01T00:00Z")
    operations.watch(real_cluster.pk, "pve1")
    assert sum(len(simulated.commands(vmid)) for vmid in range(100, 110)) == 10
    assert simulated.load()["handshakes"] == 1


def test_work_takes_few_statements_until_the_command_leaves(
    commanded: Vps, real_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations.request(commanded, "start", by=None, source="page")
    counted = {}
    with CaptureQueriesContext(connection) as statements:
        monkeypatch.setattr(
            crash_points, "listeners", [lambda point: counted.setdefault(point, len(statements.captured_queries))]
        )
        operations.work(real_cluster.pk)
    assert counted["after_intent"] == 15, "\n".join(one["sql"] for one in statements.captured_queries)
    assert len(statements.captured_queries) == 22, "until it looks for what else is due, and finds nothing"


def test_watch_takes_few_statements_until_it_is_seen_done(
    commanded: Vps, simulated: Simulated, real_cluster: Cluster
) -> None:
    operations.request(commanded, "start", by=None, source="page")
    operations.work(real_cluster.pk)
    wait_for(lambda: simulated.guest(commanded.placement.vmid)["power"] == "running")
    Operation.objects.update(due_at="2020-01-01T00:00Z")
    with CaptureQueriesContext(connection) as statements:
        operations.watch(real_cluster.pk, commanded.placement.node)
    assert not Operation.objects.open().exists()
    assert len(statements.captured_queries) == 21, "\n".join(one["sql"] for one in statements.captured_queries)


def test_work_takes_two_statements_where_as_many_as_may_are_at_it(commanded: Vps, real_cluster: Cluster) -> None:
    """A bell is rung for each operation, and all but the first few of a hundred find no slot."""
    operations.request(commanded, "start", by=None, source="page")

    def counted() -> list[str]:
        with CaptureQueriesContext(connection) as statements:
            operations.work(real_cluster.pk)
        return [one["sql"] for one in statements.captured_queries]

    with slot(real_cluster.pk, [0]), slot(real_cluster.pk, [1]), slot(real_cluster.pk, [2]):
        (found,) = at_once(counted)
    assert len(found) == 2, found


def test_watch_makes_the_rounds_of_all_nodes_that_are_due(
    server: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    """The bells of the others would find the slot of those who look taken."""
    for vmid, node in ((101, "pve1"), (102, "pve2")):
        vps = server(vmid=vmid)
        simulated.change(vmid, node=node)
        Placement.objects.filter(vps=vps).update(node=node)
        operations.request(vps, "start", by=None, source="page")
    operations.work(real_cluster.pk)
    wait_for(lambda: all(simulated.guest(vmid)["power"] == "running" for vmid in (101, 102)))
    Operation.objects.update(due_at="2020-01-01T00:00Z")
    operations.watch(real_cluster.pk, "pve1")
    assert not Operation.objects.open().exists()


def test_watch_that_finds_no_slot_is_rung_for_again_only_where_something_is_due(
    commanded: Vps, real_cluster: Cluster
) -> None:
    """What is not due any more was taken, and whoever has taken it rings: else there would be a bell more each time."""
    operations.request(commanded, "start", by=None, source="page")
    operations.work(real_cluster.pk)
    bells()

    def rung(due_at: str) -> list[Any]:
        Operation.objects.open().update(due_at=due_at)
        at_once(lambda: operations.watch(real_cluster.pk, commanded.placement.node))
        return bells()

    with ExitStack() as slots:
        for number in range(4):
            slots.enter_context(slot(real_cluster.pk, [number]))
        assert rung("2020-01-01T00:00Z") == [("vps.watch", real_cluster.pk, commanded.placement.node)]
        assert rung("2100-01-01T00:00Z") == []


def test_click_takes_few_statements(commanded: Vps, alice: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(15):
        operations.ask(commanded, "start", by=alice, source="page")
