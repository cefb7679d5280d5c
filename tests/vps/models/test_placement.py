"""Which guest a VPS is, by the driver's key: as rows, as drivers name it, and as events tell it."""

from typing import Any

import pytest

from vps import guests
from vps.guests import GuestRef, number_of
from vps.models import FormerPlacement, Placement

UUID = "6f9619ff-8b86-d011-b42d-00c04fc964ff"


@pytest.mark.parametrize("key", ["107", UUID])
def test_placement_of_keeps_the_guest_that_ref_gives_back(alice: Any, make_vps: Any, cluster: Any, key: str) -> None:
    ref = GuestRef(guests.Kind.CONTAINER, key, "node1")
    Placement.of(make_vps(alice).pk, cluster, ref).save()
    assert Placement.objects.get().ref == ref


@pytest.mark.parametrize(("key", "facts"), [("107", {"guest": "107", "vmid": 107}), (UUID, {"guest": UUID})])
def test_placement_facts_name_a_number_only_where_the_key_is_one(cluster: Any, key: str, facts: dict[str, Any]) -> None:
    placement = Placement.of(1, cluster, GuestRef(guests.Kind.VM, key))
    assert placement.facts == {"cluster": "main", "kind": "qemu"} | facts


@pytest.mark.parametrize(
    ("key", "number"), [("107", 107), ("0", 0), ("0107", None), ("", None), ("-1", None), ("١", None), (UUID, None)]
)
def test_number_of_a_key_is_its_own_shortest_form(key: str, number: int | None) -> None:
    assert number_of(key) == number


def test_placement_created_by_a_number_alone_has_the_key_at_once(alice: Any, make_vps: Any, cluster: Any) -> None:
    """The trigger's word comes back with the row."""
    placement = Placement.objects.create(vps=make_vps(alice), cluster=cluster, kind="qemu", vmid=107, node="pve1")
    assert placement.guest == "107"


def test_former_placement_remembers_a_guest_without_a_number(alice: Any, make_vps: Any, cluster: Any) -> None:
    Placement.of(make_vps(alice).pk, cluster, GuestRef(guests.Kind.VM, UUID)).save()
    Placement.objects.all().delete()
    former = FormerPlacement.objects.get()
    assert (former.guest, former.vmid) == (UUID, None)


def test_placement_kind_has_a_value_for_every_kind_of_guest() -> None:
    assert {kind.guest_kind for kind in Placement.Kind} == set(guests.Kind)
    assert all(Placement.Kind.of(kind).guest_kind == kind for kind in guests.Kind)
