"""A machine is known by its marks: which of them tell, and who gets those that two claim."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from tests.conftest import person, waiting
from tests.simulated import Cluster as Simulated
from tests.simulated import wait_for
from tests.vps.conftest import at_once, registered
from tests.vps.services.conftest import OTHER
from vps.models import Cluster, Placement, PlacementMark
from vps.services import binding


@pytest.mark.django_db(transaction=True)
def test_marks_of_a_machine_go_to_one_of_two_who_claim_them_at_once(
    real_cluster: Cluster, simulated: Simulated, alice: Any, bob: Any, make_vps: Any
) -> None:
    """By the constraint, and not by who looks first."""
    simulated.add(vmid=100)
    marks = ("uuid:aaaaaaaa-0000-0000-0000-000000000100", "mac:bc:24:11:00:00:64")
    twin = registered(simulated.access(), "twin")
    rows = [
        Placement.objects.create(vps=make_vps(user), cluster=cluster, kind="qemu", vmid=100, node="pve1")
        for user, cluster in ((alice, real_cluster), (bob, twin))
    ]
    taken = at_once(*(lambda row=row: row.claim(marks) for row in rows))
    assert sorted(taken) == [False, True]
    assert PlacementMark.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_marks_are_waited_for_while_another_transaction_claims_them(real_cluster: Cluster, make_vps: Any) -> None:
    """What is not committed yet is seen by no query: without the constraint both would get it."""
    marks = ("uuid:aaaaaaaa-0000-0000-0000-000000000100", "mac:bc:24:11:00:00:64")
    where = {"kind": "qemu", "vmid": 100, "node": "pve1"}
    twin = Cluster.objects.create(name="twin", hosts=["b"], token_id="a@b!c", token_secret="s")
    first, second = (
        Placement.objects.create(vps=make_vps(person(name)), cluster=cluster, **where)
        for name, cluster in (("eve", real_cluster), ("frank", twin))
    )
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert first.claim(marks)
            late = pool.submit(at_once, lambda: second.claim(marks))
            wait_for(lambda: late.done() or waiting() > 0)
            assert not late.done()
        assert late.result() == [False]


@pytest.mark.django_db(transaction=True)
def test_marks_are_not_given_to_a_placement_that_ends_meanwhile(real_cluster: Cluster, make_vps: Any) -> None:
    """Its guest was asked who it is, and the main site deleted the server before the answer was there."""
    marks = ("uuid:aaaaaaaa-0000-0000-0000-000000000100",)
    placement = Placement.objects.create(
        vps=make_vps(person("eve")), cluster=real_cluster, kind="qemu", vmid=100, node="pve1"
    )
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Placement.objects.filter(pk=placement.pk).delete()
            late = pool.submit(at_once, lambda: placement.claim(marks))
            wait_for(lambda: late.done() or waiting() > 0)
            assert not late.done()
        assert late.result() == [False]
    assert not PlacementMark.objects.exists()


@pytest.mark.parametrize(
    ("kind", "before", "after", "is_same"),
    [
        ("qemu", {"uuid": ""}, {"uuid": OTHER}, True),
        ("qemu", {}, {"mac": "BC:24:11:00:EE:EE"}, True),
        ("qemu", {}, {"uuid": OTHER}, False),
        ("qemu", {}, {"uuid": ""}, True),
        ("qemu", {"uuid": ""}, {"mac": "BC:24:11:00:EE:EE"}, False),
        ("qemu", {"uuid": "", "more_macs": ["BC:24:11:00:EE:EE"]}, {"mac": "BC:24:11:00:DD:DD"}, True),
        ("qemu", {"uuid": "", "mac": ""}, {"uuid": OTHER}, True),
        ("lxc", {"volume": "local:vm-100"}, {"volume": "other:vm-100"}, True),
        ("lxc", {"volume": "local:vm-100"}, {"mac": "BC:24:11:00:EE:EE"}, False),
        ("lxc", {"mac": "", "volume": "local:vm-100"}, {"mac": "BC:24:11:00:EE:EE"}, True),
        ("lxc", {"mac": "", "volume": "local:vm-100"}, {"volume": "local:vm-101"}, False),
        ("lxc", {"mac": "", "volume": "local:vm-100"}, {"volume": f"local:{'v' * 300}"}, False),
    ],
)
def test_identify_goes_by_the_strongest_mark_that_both_have(
    server: Any, simulated: Simulated, kind: str, before: dict[str, Any], after: dict[str, Any], is_same: bool
) -> None:
    """A machine that is the same is known by what it bears now."""
    vps = server(kind, power="running", **before)
    binding.identify(vps.placement.pk)
    simulated.change(100, **after)
    binding.identify(vps.placement.pk)
    assert (Placement.objects.get().identity_mismatch == "") == is_same
    if is_same:
        marks = set(PlacementMark.objects.values_list("mark", flat=True))
        assert {text.lower() for text in after.values() if text} <= {mark.partition(":")[2] for mark in marks}


def test_identify_lets_a_machine_have_the_card_of_another(server: Any, simulated: Simulated) -> None:
    """The machine that had it is asked again, and known by what it bears now."""
    first = server(power="running", vmid=100)
    binding.identify(first.placement.pk)
    simulated.change(100, mac="BC:24:11:00:EE:EE")
    second = server(power="running", vmid=101, mac="BC:24:11:00:00:64")
    binding.identify(first.placement.pk)
    binding.identify(second.placement.pk)
    assert not Placement.objects.exclude(identity_mismatch="").exists()


def test_identify_knows_a_machine_by_its_uuid_though_a_card_was_anothers(server: Any, simulated: Simulated) -> None:
    """Its uuid tells, whoever is asked first: the one that had the card has not been asked since."""
    first, second = (server(power="running", vmid=vmid) for vmid in (100, 101))
    for vps in (first, second):
        binding.identify(vps.placement.pk)
    simulated.change(100, mac="BC:24:11:00:EE:EE")
    simulated.change(101, mac="BC:24:11:00:00:64")
    for vps in (second, first, second):
        binding.identify(vps.placement.pk)
        assert not Placement.objects.exclude(identity_mismatch="").exists()
    assert PlacementMark.objects.get(mark="mac:bc:24:11:00:00:64").placement_id == second.placement.pk


@pytest.mark.parametrize(("uuid", "is_same"), [("aaaaaaaa-0000-0000-0000-000000000100", True), (OTHER, False)])
def test_identify_knows_a_mark_again_that_was_away_for_a_while(
    server: Any, simulated: Simulated, uuid: str, is_same: bool
) -> None:
    """The card is the same all along, and proves nothing beside another uuid."""
    vps = server(power="running")
    for now in ({}, {"uuid": ""}, {"uuid": uuid}):
        simulated.change(100, **now)
        binding.identify(vps.placement.pk)
    assert (Placement.objects.get().identity_mismatch == "") == is_same
