"""One machine has one placement, however often its cluster is registered."""

from typing import Any

import pytest

from tests.simulated import Cluster as Simulated
from tests.simulated import serving
from tests.vps.conftest import registered
from tests.vps.services.binding.conftest import why
from tests.vps.services.conftest import OTHER, SOLD, delete
from vps.errors import PlacementTaken
from vps.guests import GuestRef, Kind
from vps.models import Cluster, Placement, Vps
from vps.services import binding, metrics
from vps.services.reconcile import reconcile


def create_at(main_site: Any, user: Any, cluster: str, vmid: int) -> Any:
    placement = {"cluster": cluster, "node": "pve1", "vmid": vmid, "kind": "qemu"}
    columns = {"name": "mail", "status": "running", "cpu": 1, "ram": 1024, "disk": 10, "os": "Debian 12"}
    return main_site("create", user_id=user.pk, placement=placement, **columns)


def test_bind_refuses_a_guest_that_is_bound_through_another_entry_of_its_cluster(
    known: Vps, twin: Cluster, main_site: Any, bob: Any
) -> None:
    """As soon as the row is there, whether or not the cluster has been asked."""
    answer = create_at(main_site, bob, "twin", 100)
    assert (answer.status_code, answer.json()["code"]) == (409, "placement_taken")


def test_cluster_entries_of_one_cluster_are_known_by_its_nodes_certificates(
    known: Vps, twin: Cluster, main_site: Any, bob: Any, make_vps: Any
) -> None:
    """Neither hosts nor pins tell: what its nodes say of their certificates does."""
    Cluster.objects.filter(pk=twin.pk).update(fingerprint="", ca_pem="", hosts=["pve2.example.com"])
    first = Cluster.objects.get(name="simulated")
    assert twin.record_identity("9.2", tuple(first.certificates)) == first.pk
    answer = create_at(main_site, bob, "twin", 100)
    assert (answer.status_code, answer.json()["code"]) == (409, "placement_taken")
    vps, ref = make_vps(bob), GuestRef(Kind.VM, "100", "pve1")
    with pytest.raises(PlacementTaken):
        binding.bind(vps, Cluster.objects.get(name="twin"), ref, by=None, source="admin")


def test_bind_accepts_the_first_entry_of_a_cluster_for_a_free_guest(
    known: Vps, twin: Cluster, simulated: Simulated, main_site: Any, bob: Any
) -> None:
    reconcile(twin.pk)
    simulated.add(vmid=101)
    assert create_at(main_site, bob, "twin", 101).status_code == 201
    assert Placement.objects.get(vmid=101).cluster.name == "simulated"
    assert Cluster.objects.get(name="twin").same_as.name == "simulated"


def test_cluster_entries_of_two_clusters_do_not_count_as_one(
    known: Vps, tmp_path_factory: Any, main_site: Any, bob: Any
) -> None:
    """The same numbers, the same names of nodes: other certificates."""
    with serving(tmp_path_factory.mktemp("other")) as other:
        second = registered(other.access(), "second")
        other.add(vmid=100, uuid=OTHER, mac="BC:24:11:00:EE:EE")
        reconcile(second.pk)
        assert Cluster.objects.get(name="second").same_as is None
        assert create_at(main_site, bob, "second", 100).status_code == 201
        binding.identify(Placement.objects.get(cluster=second).pk)
    assert Placement.objects.filter(identity_mismatch="").count() == 2


def test_bind_accepts_the_entry_that_is_in_use(known: Vps, twin: Cluster, main_site: Any, bob: Any) -> None:
    """Staff have put the first out of use: what is bound anew is bound where it is looked after."""
    reconcile(twin.pk)
    Cluster.objects.filter(name="simulated").update(is_active=False)
    assert create_at(main_site, bob, "simulated", 101).status_code == 201
    assert Placement.objects.get(vmid=101).cluster == twin
    assert create_at(main_site, bob, "twin", 100).json()["code"] == "placement_taken"
    reconcile(twin.pk)
    Cluster.objects.filter(pk=twin.pk).update(identified_at=None)
    reconcile(twin.pk)
    assert Cluster.objects.get(pk=twin.pk).same_as is None


def test_bind_by_name_counts_a_guest_that_two_entries_list_once(
    known: Vps, twin: Cluster, simulated: Simulated, bob: Any, make_vps: Any
) -> None:
    """Once each, through its first entry: a guest that both entries list is one guest, and bears its name once."""
    reconcile(twin.pk)
    simulated.add(vmid=101, name="mail", **SOLD)
    simulated.add(vmid=102, name="db", **SOLD)
    Placement.objects.create(vps=make_vps(bob), cluster=twin, kind="qemu", vmid=102, node="pve1")
    mail, db = (make_vps(bob, name=name) for name in ("mail", "db"))
    assert binding.bind_by_name() == 1
    assert Placement.objects.get(vps=mail).cluster.name == "simulated"
    assert why(db) == "no_guest"


def test_bind_by_name_knows_former_guests_through_every_entry_of_a_cluster(
    known: Vps, twin: Cluster, simulated: Simulated, alice: Any, bob: Any, make_vps: Any
) -> None:
    """Its marks were never taken, so its number counts, by whichever entry it was reached."""
    reconcile(twin.pk)
    simulated.add(vmid=101, name="mail", **SOLD)
    alices = make_vps(alice, name="old")
    Placement.objects.create(vps=alices, cluster=twin, kind="qemu", vmid=101, node="pve1")
    delete(alices)
    bobs = make_vps(bob, name="mail")
    assert binding.bind_by_name() == 0
    assert why(bobs) == "former_owner"
    first = Cluster.objects.get(name="simulated")
    assert len(binding.objections(bobs, first, {"guest": "101"})) == 1


def test_suggestions_name_the_server_of_a_guest_that_another_entry_has_bound(known: Vps, twin: Cluster) -> None:
    reconcile(twin.pk)
    assert [guest["vps"] for guest in binding.suggestions(twin) or []] == [known]


def seen_twice(bob: Any, make_vps: Any, cluster: Cluster) -> Vps:
    """As the release before let it come to be: Alice's guest is bound to Bob's server too."""
    vps: Vps = make_vps(bob, name="mail")
    Placement.objects.create(vps=vps, cluster=cluster, kind="qemu", vmid=100, node="pve1", power="running")
    return vps


def test_operations_send_nothing_to_a_machine_that_another_server_has(
    known: Vps, twin: Cluster, simulated: Simulated, bob: Any, make_vps: Any, do: Any, quick_pauses: None
) -> None:
    """Its marks are Alice's: the database takes none of them twice."""
    bobs = seen_twice(bob, make_vps, twin)
    operation = do(bobs, "force-stop")
    assert (operation.state, operation.error_code) == ("failed", "identity_mismatch")
    assert simulated.commands(100) == []
    for cluster in Cluster.objects.all():
        reconcile(cluster.pk)
    bobs, alices = Vps.objects.get(pk=bobs.pk), Vps.objects.get(pk=known.pk)
    assert metrics.usage(bobs) is None
    assert (bobs.shown.word, alices.shown.word) == ("unknown", "running")
    assert metrics.usage(alices) is not None


def test_usage_shows_nothing_of_a_machine_that_has_not_been_identified_through_a_second_entry(
    known: Vps, twin: Cluster, bob: Any, make_vps: Any
) -> None:
    """The round may be quicker than whoever asks the guest."""
    bobs = seen_twice(bob, make_vps, twin)
    reconcile(twin.pk)
    assert metrics.usage(Vps.objects.get(pk=bobs.pk)) is None
    metrics.fetch_history(bobs.pk, "hour")
    assert metrics.history(Vps.objects.get(pk=bobs.pk), "hour")["points"] == []
