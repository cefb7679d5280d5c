"""What a click costs until its command is at the hypervisor, in counts: calls, handshakes, statements."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.simulated import Cluster as Simulated
from tests.vps.conftest import carry_out
from vps import operations
from vps.hypervisor.proxmox.transport import kept
from vps.models import Cluster, Operation, Vps
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
    assert counted["after_intent"] == 20, "\n".join(one["sql"] for one in statements.captured_queries)


def test_click_takes_few_statements(commanded: Vps, alice: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(15):
        operations.ask(commanded, "start", by=alice, source="page")
