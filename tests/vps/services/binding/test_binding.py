"""Which guest is which server, and where it can be reached: bound by name, identified, asked for addresses."""

from typing import Any

import pytest
from django.utils import timezone

from tests.simulated import Cluster as Simulated
from tests.vps.services.conftest import SOLD
from vps.errors import AlreadyBound
from vps.guests import GuestRef, Kind
from vps.hypervisor.proxmox.driver import Proxmox
from vps.models import Cluster, Event, Placement, Vps, WhyUnbound
from vps.services import addresses, binding

# Binding


def test_bind_by_name_binds_a_server_to_the_one_guest_of_its_name(
    alice: Any, make_vps: Any, simulated: Any, real_cluster: Any
) -> None:
    simulated.add("lxc", 112, name="test-vps-01", node="pve2", power="running", **SOLD)
    vps = make_vps(alice, name="test-vps-01")
    assert binding.bind_by_name() == 1
    placement = Placement.objects.get(vps=vps)
    assert (placement.vmid, placement.kind, placement.node, placement.identity) == (
        112,
        "lxc",
        "pve2",
        "bc:24:11:00:00:70",
    )
    binding.identify(placement.pk)
    placement.refresh_from_db()
    assert (placement.identity, placement.power) == ("bc:24:11:00:00:70", "running")


@pytest.mark.parametrize("case", ["two guests", "two servers", "bound already", "template", "none", "silent cluster"])
def test_bind_by_name_binds_nothing_where_the_name_does_not_decide(
    alice: Any, bob: Any, make_vps: Any, simulated: Any, real_cluster: Any, case: str
) -> None:
    make_vps(alice, name="web")
    simulated.add("qemu", 100, name="other" if case == "none" else "web", template=case == "template", **SOLD)
    if case == "two guests":
        simulated.add("lxc", 101, name="web")
    if case == "two servers":
        make_vps(bob, name="web")
    if case == "bound already":
        Placement.objects.create(vps=make_vps(bob), cluster=real_cluster, kind="qemu", vmid=100, node="pve1")
    if case == "silent cluster":
        dead = {"hosts": ["127.0.0.1:1"], "token_id": "a@b!c", "token_secret": "s"}
        Cluster.objects.create(name="dead", **dead)
    before = Placement.objects.count()
    assert binding.bind_by_name() == 0
    assert Placement.objects.count() == before


def test_find_addresses_learns_one_where_the_main_site_gave_none(server: Any) -> None:
    vps = server(power="running", agent=True, ips=["192.0.2.5"])
    assert addresses.find_addresses() == 1
    vps.refresh_from_db()
    assert vps.ip_address == "192.0.2.5"


def test_find_addresses_never_overwrites_the_main_sites(server: Any) -> None:
    vps = server(power="running", agent=True, ips=["192.0.2.5"])
    Vps.objects.update(ip_address="198.51.100.1")
    assert addresses.find_addresses() == 0
    vps.refresh_from_db()
    assert vps.ip_address == "198.51.100.1"


def test_bind_by_name_is_sure_of_no_name_while_a_node_is_down(
    alice: Any, make_vps: Any, simulated: Any, real_cluster: Cluster
) -> None:
    """Its guests are listed without their names, and one of them may bear this one."""
    make_vps(alice, name="web")
    simulated.add("qemu", 100, name="web", **SOLD)
    simulated.add("qemu", 101, name="web", node="pve2")
    simulated.call("PATCH", "nodes/pve2", {"up": False})
    assert binding.bind_by_name() == 0


def test_bind_by_name_leaves_what_somebody_unbound(server: Any, carol: Any) -> None:
    """A7: whatever else would speak for it."""
    vps = server(name="shop", **SOLD)
    binding.unbind(vps, by=carol, source="admin")
    assert binding.bind_by_name() == 0
    assert WhyUnbound.objects.get().reason == "by_hand"


def test_bind_by_name_binds_the_others_where_a_server_was_placed_meanwhile(
    alice: Any, make_vps: Any, simulated: Any, real_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed, renamed, other = (make_vps(alice, name=name) for name in ("web-1", "web-2", "web-3"))
    for vmid in (1, 2, 3):
        simulated.add("qemu", 100 + vmid, name=f"web-{vmid}", **SOLD)
    real = Proxmox.guests

    def meanwhile(self: Proxmox) -> Any:
        found = real(self)
        Placement.objects.get_or_create(vps=placed, cluster=real_cluster, kind="qemu", vmid=999, node="pve1")
        Vps.objects.filter(pk=renamed.pk).update(name="web-9")
        return found

    monkeypatch.setattr(Proxmox, "guests", meanwhile)
    assert binding.bind_by_name() == 1
    assert Placement.objects.get(vps=other).vmid == 103


def test_identify_records_the_power_that_was_seen(server: Any) -> None:
    vps = server(power="running")
    Vps.objects.update(status="stopped")
    binding.identify(vps.placement.pk)
    assert Vps.objects.get().status == "running"
    assert Event.objects.get().type == "vps.status_changed"


def test_identify_and_find_addresses_go_on_while_a_cluster_is_unreachable(
    server: Any, alice: Any, make_vps: Any, cluster: Cluster, real_cluster: Cluster
) -> None:
    Cluster.objects.filter(pk=cluster.pk).update(unreachable_since=timezone.now())
    for vmid in range(200, 230):
        vps = make_vps(alice, name=f"dark-{vmid}")
        Placement.objects.create(vps=vps, cluster=cluster, kind="qemu", vmid=vmid, node="pve1", power="running")
    seen = server(power="running", agent=True, ips=["192.0.2.7"])
    assert [placement.vps_id for placement in Placement.objects.to_identify()] == [seen.pk]
    assert addresses.find_addresses() == 1


def test_find_addresses_asks_a_cluster_that_hangs_for_one_address_a_round(
    server: Any, simulated: Any, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    for vmid in (200, 201, 202):
        server(power="running", vmid=vmid)
    simulated.ail(simulated.simulator.tls, silent=True)
    with caplog.at_level("INFO"):
        assert addresses.find_addresses() == 0
    assert caplog.text.count("no address of") == 3
    assert caplog.text.count("asked again later") == 2


def test_find_addresses_asks_guests_elsewhere_while_a_node_hangs(
    server: Any, simulated: Any, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    for vmid in (200, 201, 202):
        server(power="running", vmid=vmid, node="pve2", agent=True)
    server(power="running", agent=True, ips=["192.0.2.7"])
    simulated.hang("pve2", 30)
    with caplog.at_level("INFO"):
        assert addresses.find_addresses() == 1
    assert caplog.text.count("asked again later") == 2


def test_bind_refuses_a_server_that_is_bound_already(known: Vps, simulated: Simulated, real_cluster: Cluster) -> None:
    simulated.add(vmid=101)
    with pytest.raises(AlreadyBound):
        binding.bind(known, real_cluster, GuestRef(Kind.VM, "101", "pve1"), by=None, source="admin")
