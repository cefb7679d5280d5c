"""A VPS is bound to guests of its own hypervisor alone, by whichever door: a name, or a number, may be another machine's."""

from typing import Any

import pytest

from tests.simulated import Cluster as Simulated
from tests.vps.services.binding.conftest import why
from tests.vps.services.conftest import SOLD
from vps.drivers import DRIVERS, TRAITS, has_driver
from vps.errors import HypervisorMismatch
from vps.guests import GuestRef, Kind
from vps.hypervisor import connect
from vps.hypervisor.base import Access, Refused
from vps.models import Cluster, Placement, Vps
from vps.services import binding
from vps.services.reconcile import reconcile


@pytest.fixture
def foreign(alice: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster) -> Vps:
    """Alice's server of a hypervisor that no cluster here is of; the cluster lists a guest of its name and size."""
    simulated.add(vmid=107, name="web", **SOLD)
    vps: Vps = make_vps(alice, name="web", status="creating", hypervisor="kvm")
    reconcile(real_cluster.pk)
    return vps


@pytest.fixture
def driven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its hypervisor has a driver too."""
    monkeypatch.setitem(DRIVERS, "kvm", DRIVERS["proxmox"])
    monkeypatch.setitem(TRAITS, "kvm", TRAITS["proxmox"])


@pytest.mark.usefixtures("driven")
def test_bind_by_name_leaves_a_guest_of_another_hypervisor(foreign: Vps) -> None:
    assert binding.bind_by_name() == 0
    assert why(foreign) == "no_guest"


@pytest.mark.usefixtures("driven")
def test_bind_by_name_binds_beside_a_server_of_another_hypervisor_that_bears_the_name(
    foreign: Vps, alice: Any, make_vps: Any
) -> None:
    own = make_vps(alice, name="web", status="creating")
    assert binding.bind_by_name() == 1
    assert Placement.objects.get().vps == own


def test_bind_by_name_passes_over_a_server_without_a_driver(foreign: Vps) -> None:
    assert binding.bind_by_name() == 0
    assert not Placement.objects.exists()


def test_bind_is_refused_for_a_guest_of_another_hypervisor(foreign: Vps, real_cluster: Cluster) -> None:
    ref = GuestRef(Kind.VM, "107", "pve1")
    with pytest.raises(HypervisorMismatch):
        binding.bind(foreign, real_cluster, ref, by=None, source="admin")
    assert not Placement.objects.exists()


@pytest.mark.parametrize("action", ["create", "update"])
def test_sync_is_refused_for_a_guest_of_another_hypervisor(
    main_site: Any, foreign: Vps, alice: Any, action: str
) -> None:
    placement = {"cluster": "simulated", "node": "pve1", "vmid": 107, "kind": "qemu"}
    new = {
        "user_id": alice.pk,
        "name": "web",
        "cpu": 2,
        "ram": 2048,
        "disk": 40,
        "os": "Debian 12",
        "hypervisor": "kvm",
    }
    columns = new if action == "create" else {"id": foreign.pk}
    answer = main_site(action, **columns, placement=placement)
    assert (answer.status_code, answer.json()["code"]) == (409, "hypervisor_mismatch")
    assert list(answer.json()["errors"]) == ["vps.placement.cluster"]
    assert not Placement.objects.exists()
    assert Vps.objects.count() == 1


def test_sync_goes_by_the_hypervisor_that_the_same_command_writes(main_site: Any, foreign: Vps) -> None:
    placement = {"cluster": "simulated", "node": "pve1", "vmid": 107, "kind": "qemu"}
    assert main_site("update", id=foreign.pk, hypervisor="proxmox", placement=placement).status_code == 200
    assert Placement.objects.get().vps == foreign


def test_sync_repeats_a_placement_that_is_as_it_was(main_site: Any, foreign: Vps, real_cluster: Cluster) -> None:
    """Of before there was the rule: nothing is taken from anybody."""
    Placement.objects.create(vps=foreign, cluster=real_cluster, kind="qemu", guest="107", vmid=107, node="pve1")
    placement = {"cluster": "simulated", "node": "pve1", "vmid": 107, "kind": "qemu"}
    assert main_site("update", id=foreign.pk, placement=placement).status_code == 200
    answer = main_site("update", id=foreign.pk, placement=placement | {"replaced": True})
    assert answer.json()["code"] == "hypervisor_mismatch"


@pytest.mark.parametrize("hypervisor", [choice for choice in Vps.Hypervisor if choice not in DRIVERS])
def test_connect_refuses_a_hypervisor_without_a_driver(hypervisor: str) -> None:
    assert not has_driver(hypervisor)
    with pytest.raises(Refused, match="no driver"):
        connect(hypervisor, Access(("a",), "a", "b"))


def test_drivers_are_of_hypervisors_that_a_server_can_have() -> None:
    assert set(DRIVERS) <= set(Vps.Hypervisor)
