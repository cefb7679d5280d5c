"""B1: a cluster that answers, and refuses what everything hangs on, is silent to us; its guests may still be asked."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.simulated import with_two_hosts
from tests.vps.conftest import registered
from vps import operations
from vps.hypervisor.base import Need, Refused
from vps.models import Cluster, ClusterNode, Placement
from vps.open_hypervisor import open_hypervisor, retry_in_s
from vps.services import binding
from vps.services.reconcile import reconcile

__all__ = ["with_two_hosts"]

ILL = "ipcc_send_rec[1] failed: Connection refused"
LIST = "/cluster/resources"


def due(cluster: Cluster) -> Cluster:
    """The pause is over."""
    cluster.ask_at_once()
    ClusterNode.objects.ask_all_at_once(cluster.pk)
    return Cluster.objects.get(pk=cluster.pk)


def test_reconcile_marks_a_cluster_unreachable_that_refuses_its_list_and_asks_it_ever_less(
    server: Any, simulated: Any, real_cluster: Cluster, as_user: Any, carol: Any
) -> None:
    server(power="running")
    simulated.answer("GET", LIST, 500, ILL)
    reconcile(real_cluster.pk)
    first = Cluster.objects.get()
    assert first.unreachable_since
    assert first.failure == f"500 {ILL}"
    assert first.seen_at == real_cluster.seen_at
    simulated.forget_load()
    for failures in (2, 3, 4):
        reconcile(real_cluster.pk)
        assert simulated.load()["calls"] == 0, "a round within the pause asks nothing"
        due(real_cluster)
        reconcile(real_cluster.pk)
        assert Cluster.objects.get().failures == failures, "another answer does not make it look well in between"
        simulated.forget_load()
    now = Cluster.objects.get()
    assert now.unreachable_since == first.unreachable_since
    admin = as_user(carol)
    page = admin.get("/admin/").content.decode()
    assert "Cluster does not answer" in page
    assert ILL in admin.get(f"/admin/vps/cluster/{real_cluster.pk}/health/").content.decode()
    simulated.answer_truly()
    due(real_cluster)
    reconcile(real_cluster.pk)
    healed = Cluster.objects.get()
    assert (healed.failures, healed.unreachable_since, healed.failure) == (0, None, "")


@pytest.mark.parametrize("column", ["seen_at", "identified_at"])
def test_reconcile_clears_no_cluster_by_what_it_says_of_itself_while_its_list_is_refused(
    server: Any, simulated: Any, real_cluster: Cluster, column: str
) -> None:
    """B1: it is asked who it is where nobody has heard it for a while, or by the hour; it may say that, and no more."""
    server(power="running")
    reconcile(real_cluster.pk)
    simulated.answer("GET", LIST, 500, ILL)
    reconcile(real_cluster.pk)
    first = Cluster.objects.get()
    for failures in (2, 3):
        Cluster.objects.update(**{column: timezone.now() - timedelta(hours=2)})
        assert not due(real_cluster).is_known(timezone.now())
        reconcile(real_cluster.pk)
        now = Cluster.objects.get()
        assert (now.failures, now.unreachable_since) == (failures, first.unreachable_since)
    simulated.answer_truly()
    due(real_cluster)
    reconcile(real_cluster.pk)
    healed = Cluster.objects.get()
    assert (healed.failures, healed.is_known(timezone.now())) == (0, True)


@pytest.mark.parametrize(
    "data", [None, "OK", {"x": 1}, [{"type": "qemu"}], [{"type": "qemu", "vmid": "much", "node": "pve1"}], [5]]
)
def test_reconcile_counts_a_list_that_makes_no_sense_as_no_answer_though_its_status_is_200(
    server: Any, simulated: Any, real_cluster: Cluster, data: Any
) -> None:
    server(power="running")
    simulated.answer("GET", LIST, 200, body={"data": data})
    reconcile(real_cluster.pk)
    unreachable = Cluster.objects.get()
    assert unreachable.failures == 1
    assert unreachable.failure
    assert unreachable.seen_at == real_cluster.seen_at
    assert not Placement.objects.filter(missing_since__isnull=False).exists()
    simulated.answer_truly()
    due(real_cluster)
    reconcile(real_cluster.pk)
    assert not Cluster.objects.get().failures


@pytest.mark.parametrize("path", ["/version", "/nodes"])
def test_reconcile_counts_a_version_or_nodes_that_are_refused_as_no_answer(
    server: Any, simulated: Any, real_cluster: Cluster, path: str
) -> None:
    simulated.answer("GET", path, 500, "got no worker upid - start worker failed")
    reconcile(real_cluster.pk)
    assert Cluster.objects.get().failure.startswith("500 got no worker upid")


def test_operations_go_on_in_a_cluster_that_refuses_its_list_and_do_not_clear_it(
    server: Any, simulated: Any, real_cluster: Cluster, do: Any
) -> None:
    vps = server(power="stopped")
    simulated.answer("GET", LIST, 500, ILL)
    reconcile(real_cluster.pk)
    assert retry_in_s(real_cluster.pk, {"pve1"}) == 0
    assert do(vps, "start").state == "succeeded"
    binding.identify(vps.placement.pk)
    unreachable = Cluster.objects.get()
    assert (unreachable.failures, unreachable.is_refusing) == (1, True)
    assert unreachable.unreachable_since


@pytest.mark.parametrize("path", ["qemu", "tasks"])
def test_watch_counts_a_nodes_list_that_is_refused_as_the_nodes_failure(
    server: Any, simulated: Any, real_cluster: Cluster, alice: Any, path: str
) -> None:
    server(power="running")
    simulated.answer("GET", f"/nodes/pve1/{path}", 500, "unable to open file - No space left on device")
    operation = operations.request(Placement.objects.get().vps, "reboot", by=alice, source="page")
    operations.work(real_cluster.pk)
    for _ in range(3):
        operations.watch(real_cluster.pk, "pve1")
    if path == "qemu":
        with open_hypervisor(due(real_cluster)) as hypervisor, pytest.raises(Refused, match="No space"):
            hypervisor.listed("pve1", operation.created_at).glance(Placement.objects.get().ref)
    node = ClusterNode.objects.get(name="pve1")
    assert node.failures
    assert "No space left" in node.failure
    assert not Cluster.objects.get().failures


def test_reconcile_asks_another_host_where_the_list_of_one_makes_no_sense(with_two_hosts: Any, db: None) -> None:
    simulated = with_two_hosts
    cluster = registered(simulated.access(hosts=simulated.simulator.tls_hosts))
    for host in simulated.simulator.tls_hosts:
        simulated.answer("GET", LIST, 200, body={"data": None}, port=int(host.rpartition(":")[2]), times=1)
        reconcile(cluster.pk)
        assert not Cluster.objects.get().failures


def test_reconcile_asks_another_host_where_one_has_lost_its_cluster_file_system(with_two_hosts: Any, db: None) -> None:
    """It refuses every read; any other host of the cluster answers for all."""
    simulated = with_two_hosts
    simulated.add("qemu", power="running")
    cluster = registered(simulated.access(hosts=simulated.simulator.tls_hosts))
    port = int(simulated.simulator.tls_hosts[0].rpartition(":")[2])
    simulated.answer("", "/.*", 500, ILL, port=port)
    for _ in range(3):
        reconcile(cluster.pk)
    assert not Cluster.objects.get().failures
    with open_hypervisor(cluster) as hypervisor:
        assert hypervisor.identity(hypervisor.guests()[0].ref)


@pytest.mark.parametrize("path", ["/nodes/pve1/qemu/100/config", "/access/permissions"])
def test_open_hypervisor_asks_another_host_for_all_that_one_without_its_file_system_refuses(
    with_two_hosts: Any, db: None, path: str
) -> None:
    """B1: not for its list alone, which may have been read before that was lost."""
    simulated = with_two_hosts
    simulated.add("qemu", 100, power="running")
    cluster = registered(simulated.access(hosts=simulated.simulator.tls_hosts))
    port = int(simulated.simulator.tls_hosts[0].rpartition(":")[2])
    with open_hypervisor(cluster) as hypervisor:
        (guest,) = hypervisor.guests()
        simulated.answer("GET", path, 500, ILL, port=port)
        assert hypervisor.identity(guest.ref)
        assert hypervisor.rights().may(Need.SEE, guest.ref)
