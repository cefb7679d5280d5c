"""A server is bound by its name only to a guest of which it is sure that it is the one that was sold."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.simulated import Cluster as Simulated
from tests.simulated import serving
from tests.vps.conftest import registered
from tests.vps.services.binding.conftest import why
from tests.vps.services.conftest import OTHER, SOLD, delete
from vps.guests import GuestRef, Kind
from vps.models import Cluster, FormerPlacement, Placement, Tombstone, Vps, WhyUnbound
from vps.services import binding, sync
from vps.services.reconcile import reconcile


@pytest.mark.parametrize("is_known", [True, False])
def test_bind_by_name_leaves_a_guest_that_was_another_customers(
    server: Any, bob: Any, make_vps: Any, is_known: bool
) -> None:
    """Whether its marks were taken in time or not: then its number counts."""
    shop = server(power="running", name="shop", **SOLD)
    if is_known:
        binding.identify(shop.placement.pk)
    delete(shop)
    bobs = make_vps(bob, name="shop", status="creating")
    assert binding.bind_by_name() == 0
    assert why(bobs) == "former_owner"
    assert FormerPlacement.objects.get().user_id == shop.user_id


def test_bind_by_name_binds_a_new_guest_under_a_key_that_was_another_customers(
    known: Vps, simulated: Simulated, bob: Any, make_vps: Any
) -> None:
    """Proxmox VE gives its numbers out again: a machine is known by its marks."""
    delete(known)
    simulated.call("DELETE", "guests/100")
    simulated.add(vmid=100, name="shop", uuid=OTHER, mac="BC:24:11:00:EE:EE", **SOLD)
    bobs = make_vps(bob, name="shop")
    assert binding.bind_by_name() == 1
    assert Placement.objects.get().vps == bobs


def test_bind_by_name_knows_a_former_guest_under_another_key(
    known: Vps, simulated: Simulated, bob: Any, make_vps: Any
) -> None:
    """By its uuid, or by any card of it."""
    delete(known)
    simulated.call("DELETE", "guests/100")
    simulated.add(vmid=200, name="shop", uuid=OTHER, mac="BC:24:11:00:00:64", **SOLD)
    bobs = make_vps(bob, name="shop")
    assert binding.bind_by_name() == 0
    assert why(bobs) == "former_owner"


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("lxc", {"mac": ""}, {"mac": "BC:24:11:00:EE:EE"}),
        ("lxc", {"mac": "BC:24:11:00:EE:EE"}, {"mac": ""}),
        ("qemu", {"mac": ""}, {"uuid": "", "mac": "BC:24:11:00:EE:EE"}),
    ],
    ids=["its first card", "no card left", "a card for a uuid"],
)
def test_bind_by_name_goes_by_the_key_where_no_former_mark_can_be_compared(
    server: Any, simulated: Simulated, bob: Any, make_vps: Any, kind: str, before: Any, after: Any
) -> None:
    """A container without a card is known by its volume alone, and has other marks as soon as it gets one."""
    lost = {"volume": "local-lvm:vm-100-disk-0"} if kind == "lxc" else {}
    shop = server(kind, power="running", name="shop", **SOLD | lost | before)
    binding.identify(shop.placement.pk)
    delete(shop)
    simulated.change(100, **after)
    bobs = make_vps(bob, name="shop")
    assert binding.bind_by_name() == 0
    assert why(bobs) == "former_owner"


def test_bind_by_name_leaves_a_guest_that_may_be_of_a_server_deleted_unbound(
    alice: Any, bob: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    """Nobody knew the guest of Alice's server, and it may be this one."""
    delete(make_vps(alice, name="shop"))
    simulated.add(name="shop", **SOLD)
    bobs = make_vps(bob, name="shop")
    assert binding.bind_by_name() == 0
    assert why(bobs) == "former_owner"
    Tombstone.objects.all().delete()
    assert binding.bind_by_name() == 1
    assert not WhyUnbound.objects.exists()


@pytest.mark.parametrize("was_bound", [True, False])
def test_bind_by_name_binds_a_guest_that_was_the_customers_own(
    server: Any, simulated: Simulated, alice: Any, make_vps: Any, was_bound: bool
) -> None:
    """It was nobody else's."""
    shop = server(name="shop", **SOLD)
    if not was_bound:
        shop.placement.delete()
        FormerPlacement.objects.all().delete()
    delete(shop)
    again = make_vps(alice, name="shop")
    assert binding.bind_by_name() == 1
    assert Placement.objects.get().vps == again


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"cores": 8, "memory_mb": 2048}, "size"),
        ({"cores": 2, "memory_mb": 16384}, "size"),
        ({"cores": 2, "memory_mb": 1024}, "size"),
        (SOLD, ""),
    ],
)
def test_bind_by_name_binds_a_guest_of_the_size_that_was_sold_alone(
    alice: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster, facts: dict[str, int], reason: str
) -> None:
    vps = make_vps(alice, name="shop")
    simulated.add(name="shop", **facts)
    assert binding.bind_by_name() == (0 if reason else 1)
    assert [row.reason for row in WhyUnbound.objects.filter(vps=vps)] == ([reason] if reason else [])


def test_bind_by_name_leaves_a_server_older_than_a_week_to_staff(
    alice: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    vps = make_vps(alice, name="shop", created_at=timezone.now() - timedelta(days=8))
    simulated.add(name="shop", **SOLD)
    assert binding.bind_by_name() == 0
    assert why(vps) == "too_old"


def test_bind_by_name_can_be_switched_off(
    alice: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster, settings: Any
) -> None:
    settings.BIND_BY_NAME = False
    vps = make_vps(alice, name="shop")
    simulated.add(name="shop", **SOLD)
    assert binding.bind_by_name() == 0
    assert why(vps) == "switched_off"


def test_bind_by_name_binds_guests_of_the_other_nodes_while_one_is_down(
    alice: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    """Unless one of its guests bore the name when it was heard last."""
    simulated.add(vmid=100, name="web", **SOLD)
    simulated.add(vmid=101, name="db", **SOLD)
    simulated.add(vmid=102, name="db", node="pve2", **SOLD)
    reconcile(real_cluster.pk)
    simulated.call("PATCH", "nodes/pve2", {"up": False})
    reconcile(real_cluster.pk)
    web, db = (make_vps(alice, name=name) for name in ("web", "db"))
    assert binding.bind_by_name() == 1
    assert Placement.objects.get().vps == web
    assert why(db) == "not_heard"


def test_bind_by_name_binds_guests_of_the_other_clusters_while_one_is_unreachable(
    alice: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster, tmp_path_factory: Any
) -> None:
    """It has said before which guests it has."""
    with serving(tmp_path_factory.mktemp("other")) as other:
        second = registered(other.access(), "second")
        other.add(vmid=100, name="db", **SOLD)
        reconcile(second.pk)
    simulated.add(vmid=100, name="web", **SOLD)
    simulated.add(vmid=101, name="db", **SOLD)
    web, db = (make_vps(alice, name=name) for name in ("web", "db"))
    assert binding.bind_by_name() == 1
    assert Placement.objects.get().vps == web
    assert why(db) == "not_heard"


@pytest.mark.parametrize("ending", ["delete", "unbind", "move"])
def test_former_placements_are_kept_however_a_placement_ends(known: Vps, carol: Any, ending: str) -> None:
    if ending == "delete":
        delete(known)
    elif ending == "unbind":
        binding.unbind(known, by=carol, source="admin")
    else:
        sync.apply_one(
            sync.SyncCommand(
                "update", id=known.pk, placement=sync.PlacementSpec("simulated", GuestRef(Kind.VM, "200", "pve1"))
            )
        )
    former = FormerPlacement.objects.get()
    assert (former.vmid, former.user_id) == (100, known.user_id)
    assert sorted(former.marks) == ["mac:bc:24:11:00:00:64", "uuid:aaaaaaaa-0000-0000-0000-000000000100"]
