"""Whose machine is it: known by all its marks, bound once, and by its name only where that is sure."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests.conftest import person
from tests.simulated import Cluster as Simulated
from tests.simulated import serving, wait_for
from tests.vps.api.commands import batch, update
from tests.vps.conftest import at_once, bells, registered
from vps import operations
from vps.errors import AlreadyBound, PlacementTaken
from vps.models import Cluster, Event, FormerPlacement, Operation, Placement, PlacementMark, Tombstone, Vps, WhyUnbound
from vps.services import binding, metrics, sync
from vps.services.reconcile import reconcile

OTHER = "bbbbbbbb-0000-0000-0000-000000000000"
# As `make_vps` sells them.
SOLD = {"cores": 2, "memory_mb": 2048}


def delete(vps: Vps) -> None:
    sync.apply_one(sync.SyncCommand("delete", id=vps.pk))


def why(vps: Vps) -> str:
    return str(WhyUnbound.objects.get(vps=vps).reason)


@pytest.fixture
def known(server: Any) -> Vps:
    """Alice's running server, whose guest has been identified, seen and measured."""
    vps: Vps = server(power="running", name="shop", **SOLD)
    binding.identify(vps.placement.pk)
    cluster = Cluster.objects.get()
    reconcile(cluster.pk)
    return Vps.objects.get(pk=vps.pk)


# A1: binding by name


@pytest.mark.parametrize("is_known", [True, False])
def test_a1_a_guest_that_was_another_customers_is_not_bound_by_its_name(
    server: Any, bob: Any, make_vps: Any, is_known: bool
) -> None:
    """A1. Whether its marks were taken in time or not: then its number counts."""
    shop = server(power="running", name="shop", **SOLD)
    if is_known:
        binding.identify(shop.placement.pk)
    delete(shop)
    bobs = make_vps(bob, name="shop", status="creating")
    assert binding.bind_by_name() == 0
    assert why(bobs) == "former_owner"
    assert FormerPlacement.objects.get().user_id == shop.user_id


def test_a1_a_new_guest_under_a_number_that_was_another_customers_is_bound(
    known: Vps, simulated: Simulated, bob: Any, make_vps: Any
) -> None:
    """A1. Proxmox VE gives its numbers out again: a machine is known by its marks."""
    delete(known)
    simulated.call("DELETE", "guests/100")
    simulated.add(vmid=100, name="shop", uuid=OTHER, mac="BC:24:11:00:EE:EE", **SOLD)
    bobs = make_vps(bob, name="shop")
    assert binding.bind_by_name() == 1
    assert Placement.objects.get().vps == bobs


def test_a1_a_guest_that_moved_to_another_number_is_still_another_customers(
    known: Vps, simulated: Simulated, bob: Any, make_vps: Any
) -> None:
    """A1. By its uuid, or by any card of it."""
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
def test_a1_a_number_counts_where_no_mark_of_before_can_be_compared(
    server: Any, simulated: Simulated, bob: Any, make_vps: Any, kind: str, before: Any, after: Any
) -> None:
    """A1. A container without a card is known by its volume alone, and has other marks as soon as it gets one."""
    lost = {"volume": "local-lvm:vm-100-disk-0"} if kind == "lxc" else {}
    shop = server(kind, power="running", name="shop", **SOLD | lost | before)
    binding.identify(shop.placement.pk)
    delete(shop)
    simulated.change(100, **after)
    bobs = make_vps(bob, name="shop")
    assert binding.bind_by_name() == 0
    assert why(bobs) == "former_owner"


def test_a1_a_guest_of_a_server_that_was_deleted_unbound_is_not_bound_by_its_name(
    alice: Any, bob: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    """A1. Nobody knew the guest of Alice's server, and it may be this one."""
    delete(make_vps(alice, name="shop"))
    simulated.add(name="shop", **SOLD)
    bobs = make_vps(bob, name="shop")
    assert binding.bind_by_name() == 0
    assert why(bobs) == "former_owner"
    Tombstone.objects.all().delete()
    assert binding.bind_by_name() == 1
    assert not WhyUnbound.objects.exists()


@pytest.mark.parametrize("was_bound", [True, False])
def test_a1_a_guest_that_was_the_customers_own_is_bound_by_its_name(
    server: Any, simulated: Simulated, alice: Any, make_vps: Any, was_bound: bool
) -> None:
    """A1. It was nobody else's."""
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
def test_a1_a_guest_of_another_size_than_was_sold_is_not_bound_by_its_name(
    alice: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster, facts: dict[str, int], reason: str
) -> None:
    """A1."""
    vps = make_vps(alice, name="shop")
    simulated.add(name="shop", **facts)
    assert binding.bind_by_name() == (0 if reason else 1)
    assert [row.reason for row in WhyUnbound.objects.filter(vps=vps)] == ([reason] if reason else [])


def test_a1_a_server_that_is_older_than_reason_allows_is_bound_by_staff_alone(
    alice: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    """A1."""
    vps = make_vps(alice, name="shop", created_at=timezone.now() - timedelta(days=8))
    simulated.add(name="shop", **SOLD)
    assert binding.bind_by_name() == 0
    assert why(vps) == "too_old"


def test_a1_binding_by_name_can_be_switched_off(
    alice: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster, settings: Any
) -> None:
    """A1."""
    settings.BIND_BY_NAME = False
    vps = make_vps(alice, name="shop")
    simulated.add(name="shop", **SOLD)
    assert binding.bind_by_name() == 0
    assert why(vps) == "switched_off"


@pytest.mark.parametrize("ending", ["delete", "unbind", "move"])
def test_a1_whose_a_guest_was_is_kept_however_its_placement_ends(known: Vps, carol: Any, ending: str) -> None:
    """A1."""
    if ending == "delete":
        delete(known)
    elif ending == "unbind":
        binding.unbind(known, by=carol, source="admin")
    else:
        sync.apply_one(
            sync.SyncCommand("update", id=known.pk, placement=sync.PlacementSpec("simulated", "pve1", 200, "qemu"))
        )
    former = FormerPlacement.objects.get()
    assert (former.vmid, former.user_id) == (100, known.user_id)
    assert sorted(former.marks) == ["mac:bc:24:11:00:00:64", "uuid:aaaaaaaa-0000-0000-0000-000000000100"]


# A2: one machine, one placement


@pytest.fixture
def twin(known: Vps, simulated: Simulated) -> Cluster:
    """The same cluster, registered again under another name, and by hosts and a CA that do not tell."""
    cluster = registered(simulated.access(), "twin")
    Cluster.objects.filter(pk=cluster.pk).update(hosts=[f"localhost:{simulated.simulator.tls.rpartition(':')[2]}"])
    return Cluster.objects.get(pk=cluster.pk)


def create_at(main_site: Any, user: Any, cluster: str, vmid: int) -> Any:
    placement = {"cluster": cluster, "node": "pve1", "vmid": vmid, "kind": "qemu"}
    columns = {"name": "mail", "status": "running", "cpu": 1, "ram": 1024, "disk": 10, "os": "Debian 12"}
    return main_site("create", user_id=user.pk, placement=placement, **columns)


def test_a2_a_guest_that_is_bound_is_taken_by_every_name_of_its_cluster(
    known: Vps, twin: Cluster, main_site: Any, bob: Any
) -> None:
    """A2. As soon as the row is there, whether or not the cluster has been asked."""
    answer = create_at(main_site, bob, "twin", 100)
    assert (answer.status_code, answer.json()["code"]) == (409, "placement_taken")


def test_a2_a_cluster_that_is_registered_twice_is_found_out_by_its_nodes(
    known: Vps, twin: Cluster, main_site: Any, bob: Any, make_vps: Any
) -> None:
    """A2. Neither hosts nor pins tell: what its nodes say of their certificates does."""
    Cluster.objects.filter(pk=twin.pk).update(fingerprint="", ca_pem="", hosts=["pve2.example.com"])
    first = Cluster.objects.get(name="simulated")
    assert Cluster.objects.said(twin.pk, "9.2", tuple(first.certificates)) == first.pk
    answer = create_at(main_site, bob, "twin", 100)
    assert (answer.status_code, answer.json()["code"]) == (409, "placement_taken")
    vps, where = make_vps(bob), {"kind": "qemu", "vmid": 100, "node": "pve1"}
    with pytest.raises(PlacementTaken):
        binding.bind(vps, Cluster.objects.get(name="twin"), **where, by=None, source="admin")


def test_a2_what_is_free_is_bound_through_the_first_entry_of_its_cluster(
    known: Vps, twin: Cluster, simulated: Simulated, main_site: Any, bob: Any
) -> None:
    """A2."""
    reconcile(twin.pk)
    simulated.add(vmid=101)
    assert create_at(main_site, bob, "twin", 101).status_code == 201
    assert Placement.objects.get(vmid=101).cluster.name == "simulated"
    assert Cluster.objects.get(name="twin").same_as.name == "simulated"


def test_a2_two_clusters_are_not_taken_for_one(known: Vps, tmp_path_factory: Any, main_site: Any, bob: Any) -> None:
    """A2. The same numbers, the same names of nodes: other certificates."""
    with serving(tmp_path_factory.mktemp("other")) as other:
        second = registered(other.access(), "second")
        other.add(vmid=100, uuid=OTHER, mac="BC:24:11:00:EE:EE")
        reconcile(second.pk)
        assert Cluster.objects.get(name="second").same_as is None
        assert create_at(main_site, bob, "second", 100).status_code == 201
        binding.identify(Placement.objects.get(cluster=second).pk)
    assert Placement.objects.filter(stranger="").count() == 2


def test_a2_of_two_entries_the_one_in_use_counts(known: Vps, twin: Cluster, main_site: Any, bob: Any) -> None:
    """A2. Staff have put the first out of use: what is bound anew is bound where it is looked after."""
    reconcile(twin.pk)
    Cluster.objects.filter(name="simulated").update(is_active=False)
    assert create_at(main_site, bob, "simulated", 101).status_code == 201
    assert Placement.objects.get(vmid=101).cluster == twin
    assert create_at(main_site, bob, "twin", 100).json()["code"] == "placement_taken"
    reconcile(twin.pk)
    Cluster.objects.filter(pk=twin.pk).update(identified_at=None)
    reconcile(twin.pk)
    assert Cluster.objects.get(pk=twin.pk).same_as is None


def test_a2_while_a_cluster_is_registered_twice_its_guests_are_bound_by_name(
    known: Vps, twin: Cluster, simulated: Simulated, bob: Any, make_vps: Any
) -> None:
    """A2. Once each, through its first entry: a guest that both entries list is one guest, and bears its name once."""
    reconcile(twin.pk)
    simulated.add(vmid=101, name="mail", **SOLD)
    simulated.add(vmid=102, name="db", **SOLD)
    Placement.objects.create(vps=make_vps(bob), cluster=twin, kind="qemu", vmid=102, node="pve1")
    mail, db = (make_vps(bob, name=name) for name in ("mail", "db"))
    assert binding.bind_by_name() == 1
    assert Placement.objects.get(vps=mail).cluster.name == "simulated"
    assert why(db) == "no_guest"


def test_a2_whose_a_guest_was_is_known_through_every_entry_of_its_cluster(
    known: Vps, twin: Cluster, simulated: Simulated, alice: Any, bob: Any, make_vps: Any
) -> None:
    """A2. Its marks were never taken, so its number counts, by whichever entry it was reached."""
    reconcile(twin.pk)
    simulated.add(vmid=101, name="mail", **SOLD)
    alices = make_vps(alice, name="old")
    Placement.objects.create(vps=alices, cluster=twin, kind="qemu", vmid=101, node="pve1")
    delete(alices)
    bobs = make_vps(bob, name="mail")
    assert binding.bind_by_name() == 0
    assert why(bobs) == "former_owner"
    first = Cluster.objects.get(name="simulated")
    assert len(binding.objections(bobs, first, {"vmid": 101})) == 1


def test_a2_staff_see_through_every_entry_of_a_cluster_whose_its_guests_are(known: Vps, twin: Cluster) -> None:
    """A2."""
    reconcile(twin.pk)
    assert [guest["vps"] for guest in binding.suggestions(twin) or []] == [known]


def seen_twice(bob: Any, make_vps: Any, cluster: Cluster) -> Vps:
    """As the release before let it come to be: Alice's guest is bound to Bob's server too."""
    vps: Vps = make_vps(bob, name="mail")
    Placement.objects.create(vps=vps, cluster=cluster, kind="qemu", vmid=100, node="pve1", power="running")
    return vps


def test_a2_a_machine_that_another_server_has_is_sent_nothing_and_shown_to_nobody_else(
    known: Vps, twin: Cluster, simulated: Simulated, bob: Any, make_vps: Any, do: Any, quick_pauses: None
) -> None:
    """A2. Its marks are Alice's: the database takes none of them twice."""
    bobs = seen_twice(bob, make_vps, twin)
    operation = do(bobs, "stop", force=True)
    assert (operation.state, operation.error_code) == ("failed", "identity_mismatch")
    assert simulated.commands(100) == []
    for cluster in Cluster.objects.all():
        reconcile(cluster.pk)
    bobs, alices = Vps.objects.get(pk=bobs.pk), Vps.objects.get(pk=known.pk)
    assert metrics.usage(bobs) is None
    assert (bobs.shown.word, alices.shown.word) == ("unknown", "running")
    assert metrics.usage(alices) is not None


def test_a2_a_machine_that_nobody_has_identified_yet_is_not_measured_through_a_second_entry(
    known: Vps, twin: Cluster, bob: Any, make_vps: Any
) -> None:
    """A2. The round may be quicker than whoever asks the guest."""
    bobs = seen_twice(bob, make_vps, twin)
    reconcile(twin.pk)
    assert metrics.usage(Vps.objects.get(pk=bobs.pk)) is None
    metrics.fetch_history(bobs.pk, "hour")
    assert metrics.history(Vps.objects.get(pk=bobs.pk), "hour")["points"] == []


@pytest.mark.django_db(transaction=True)
def test_a2_of_two_who_claim_a_machine_at_once_one_gets_it(
    real_cluster: Cluster, simulated: Simulated, alice: Any, bob: Any, make_vps: Any
) -> None:
    """A2. By the constraint, and not by who looks first."""
    simulated.add(vmid=100)
    marks = ("uuid:aaaaaaaa-0000-0000-0000-000000000100", "mac:bc:24:11:00:00:64")
    twin = registered(simulated.access(), "twin")
    rows = [
        Placement.objects.create(vps=make_vps(user), cluster=cluster, kind="qemu", vmid=100, node="pve1")
        for user, cluster in ((alice, real_cluster), (bob, twin))
    ]
    taken = at_once(*(lambda row=row: row.is_of(marks) for row in rows))
    assert sorted(taken) == [False, True]
    assert PlacementMark.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a2_who_claims_a_machine_waits_for_whoever_is_claiming_it(real_cluster: Cluster, make_vps: Any) -> None:
    """A2. What is not committed yet is seen by no query: without the constraint both would get it."""
    marks = ("uuid:aaaaaaaa-0000-0000-0000-000000000100", "mac:bc:24:11:00:00:64")
    where = {"kind": "qemu", "vmid": 100, "node": "pve1"}
    twin = Cluster.objects.create(name="twin", hosts=["b"], token_id="a@b!c", token_secret="s")
    first, second = (
        Placement.objects.create(vps=make_vps(person(name)), cluster=cluster, **where)
        for name, cluster in (("eve", real_cluster), ("frank", twin))
    )
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert first.is_of(marks)
            late = pool.submit(at_once, lambda: second.is_of(marks))
            wait_for(lambda: late.done() or waits_for_a_lock())
            assert not late.done()
        assert late.result() == [False]


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


# A3: who has to say who they are


def usurp(simulated: Simulated, **facts: Any) -> None:
    simulated.call("DELETE", "guests/100")
    simulated.add(**{"power": "running", "name": "shop", "uuid": OTHER, "mac": "BC:24:11:00:EE:EE"} | SOLD | facts)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"name": "stranger"}, "qemu"),
        ({"cores": 8}, "qemu"),
        ({"memory_mb": 16384}, "qemu"),
        ({"disk_gb": 200}, "qemu"),
        ({"started_at": 1e9}, "qemu"),
        ({}, "lxc"),
    ],
)
def test_a3_another_guest_under_the_number_is_found_out_within_a_round(
    known: Vps, simulated: Simulated, real_cluster: Cluster, facts: dict[str, Any], kind: str
) -> None:
    """A3. By name, size, uptime or kind; and nothing of it is shown."""
    metrics.fetch_history(known.pk, "hour")
    assert metrics.usage(known)
    usurp(simulated, kind=kind, **{"started_at": simulated.guest(100)["started_at"]} | facts)
    reconcile(real_cluster.pk)
    known = Vps.objects.get(pk=known.pk)
    assert Event.objects.filter(type="vps.mistaken").count() == 1
    assert (known.placement.stranger != "", known.shown.word) == (True, "unknown")
    assert metrics.usage(known) is None
    assert metrics.history(known, "hour") == metrics.UNAVAILABLE


def test_a3_who_cannot_be_asked_is_shown_as_unknown_until_it_has_said_who_it_is(
    known: Vps, simulated: Simulated, real_cluster: Cluster, as_user: Any, alice: Any
) -> None:
    """A3. And is asked again in each round; that it was renamed is no harm then."""
    simulated.change(100, name="renamed")
    simulated.answer("GET", "/nodes/pve1/qemu/100/config", 500, "can't read it just now")
    reconcile(real_cluster.pk)
    known = Vps.objects.get(pk=known.pk)
    assert (known.shown.word, metrics.usage(known), known.status) == ("unknown", None, "running")
    assert metrics.history(known, "hour") == metrics.UNAVAILABLE
    assert "Unknown" in as_user(alice).get(f"/vps/{known.pk}/").content.decode()
    reconcile(real_cluster.pk)
    simulated.answer_truly()
    reconcile(real_cluster.pk)
    known = Vps.objects.get(pk=known.pk)
    assert (known.shown.word, metrics.usage(known) is not None) == ("running", True)
    assert not Event.objects.filter(type="vps.mistaken").exists()


def test_a3_a_boot_of_ours_casts_no_doubt(
    known: Vps, simulated: Simulated, real_cluster: Cluster, do: Any, quick_pauses: None
) -> None:
    """A3. And costs no call beside the list's, once the list has its new start too."""
    simulated.change(100, start_seconds=0.1, shutdown_seconds=0.1)
    do(known, "reboot")
    wait_for(lambda: time.time() - simulated.guest(100)["started_at"] > 1.5)
    simulated.forget_load()
    reconcile(real_cluster.pk)
    assert "GET /nodes/{node}/{kind}/{vmid}/config" not in simulated.load()["by_path"]


def test_a3_every_guest_is_asked_again_within_the_hour_and_few_in_a_round(
    server: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    """A3. The one that has not been asked for longest comes first."""
    for vmid in range(100, 110):
        binding.identify(server(vmid=vmid, power="running").placement.pk)
    reconcile(real_cluster.pk)
    simulated.forget_load()
    reconcile(real_cluster.pk)
    assert simulated.load()["by_path"] == {"GET /cluster/resources": 1}
    Placement.objects.update(identified_at=timezone.now() - timedelta(minutes=40))
    Placement.objects.filter(vmid=107).update(identified_at=timezone.now() - timedelta(minutes=50))
    simulated.change(107, uuid=OTHER)
    simulated.forget_load()
    reconcile(real_cluster.pk)
    assert simulated.load()["by_path"]["GET /nodes/{node}/{kind}/{vmid}/config"] == 5
    assert Placement.objects.get(vmid=107).stranger == OTHER
    reconcile(real_cluster.pk)
    assert not Placement.objects.filter(identified_at__lt=timezone.now() - timedelta(minutes=30), stranger="").exists()


# A4: a node is down


def test_a4_while_a_node_is_down_the_guests_of_the_others_are_bound_by_name(
    alice: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    """A4. Unless one of its guests bore the name when it was heard last."""
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


def test_a4_while_a_cluster_is_silent_the_guests_of_the_others_are_bound_by_name(
    alice: Any, make_vps: Any, simulated: Simulated, real_cluster: Cluster, tmp_path_factory: Any
) -> None:
    """A4. It has said before which guests it has."""
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


# A5: marks that come and go


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
def test_a5_the_strongest_mark_that_both_have_tells_whether_it_is_the_same_machine(
    server: Any, simulated: Simulated, kind: str, before: dict[str, Any], after: dict[str, Any], is_same: bool
) -> None:
    """A5. A machine that is the same is known by what it bears now."""
    vps = server(kind, power="running", **before)
    binding.identify(vps.placement.pk)
    simulated.change(100, **after)
    binding.identify(vps.placement.pk)
    assert (Placement.objects.get().stranger == "") == is_same
    if is_same:
        marks = set(PlacementMark.objects.values_list("mark", flat=True))
        assert {text.lower() for text in after.values() if text} <= {mark.partition(":")[2] for mark in marks}


def test_a5_a_card_that_went_to_another_machine_keeps_that_one_from_nothing(server: Any, simulated: Simulated) -> None:
    """A5. The machine that had it is asked again, and known by what it bears now."""
    first = server(power="running", vmid=100)
    binding.identify(first.placement.pk)
    simulated.change(100, mac="BC:24:11:00:EE:EE")
    second = server(power="running", vmid=101, mac="BC:24:11:00:00:64")
    binding.identify(first.placement.pk)
    binding.identify(second.placement.pk)
    assert not Placement.objects.exclude(stranger="").exists()


def test_a5_a_known_machine_is_itself_though_a_card_of_it_was_anothers(server: Any, simulated: Simulated) -> None:
    """A5. Its uuid tells, whoever is asked first: the one that had the card has not been asked since."""
    first, second = (server(power="running", vmid=vmid) for vmid in (100, 101))
    for vps in (first, second):
        binding.identify(vps.placement.pk)
    simulated.change(100, mac="BC:24:11:00:EE:EE")
    simulated.change(101, mac="BC:24:11:00:00:64")
    for vps in (second, first, second):
        binding.identify(vps.placement.pk)
        assert not Placement.objects.exclude(stranger="").exists()
    assert PlacementMark.objects.get(mark="mac:bc:24:11:00:00:64").placement_id == second.placement.pk


@pytest.mark.parametrize(("uuid", "is_same"), [("aaaaaaaa-0000-0000-0000-000000000100", True), (OTHER, False)])
def test_a5_a_mark_that_was_away_for_a_while_still_tells(
    server: Any, simulated: Simulated, uuid: str, is_same: bool
) -> None:
    """A5. The card is the same all along, and proves nothing beside another uuid."""
    vps = server(power="running")
    for now in ({}, {"uuid": ""}, {"uuid": uuid}):
        simulated.change(100, **now)
        binding.identify(vps.placement.pk)
    assert (Placement.objects.get().stranger == "") == is_same


# A6: a new machine in its place


def place(cluster: str = "simulated", vmid: int = 100, **more: Any) -> dict[str, Any]:
    return {"cluster": cluster, "node": "pve1", "vmid": vmid, "kind": "qemu"} | more


def test_a6_the_main_site_says_that_a_new_machine_stands_in_the_place_of_the_old(
    known: Vps, simulated: Simulated, main_site: Any, do: Any, quick_pauses: None
) -> None:
    """A6. Without the word it is warned, and nothing happens to a machine that nobody has vouched for."""
    usurp(simulated)
    binding.identify(known.placement.pk)
    answer = main_site("update", id=known.pk, placement=place())
    assert answer.status_code == 200
    assert "another machine was found there than was bound" in answer.json()["warnings"][0]
    assert Placement.objects.get().stranger == OTHER
    answer = main_site("update", id=known.pk, placement=place(replaced=True))
    assert (answer.status_code, answer.json().get("warnings")) == (200, None)
    event = Event.objects.filter(type="vps.bound").latest("id")
    assert (event.data["replaced"], event.source) == (True, "sync")
    binding.identify(Placement.objects.get().pk)
    placement = Placement.objects.get()
    assert (placement.stranger, placement.identity, placement.power) == ("", OTHER, "running")
    assert do(Vps.objects.get(), "restart").state == "succeeded"


def test_a6_an_operation_on_the_old_machine_is_none_on_the_new(known: Vps, main_site: Any, alice: Any) -> None:
    """A6."""
    operations.request(known, "reboot", by=alice, source="page")
    main_site("update", id=known.pk, placement=place(replaced=True))
    assert Operation.objects.get().error_code == "vps_unbound"


def test_a6_that_the_guest_is_gone_is_warned_of(known: Vps, simulated: Simulated, main_site: Any) -> None:
    """A6."""
    simulated.call("DELETE", "guests/100")
    reconcile(Cluster.objects.get().pk)
    warnings = main_site("update", id=known.pk, placement=place()).json()["warnings"]
    assert warnings == ["vps.placement: no such guest is there now."]


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a6_who_stands_in_a_place_that_was_named_again_is_asked_soon(
    known: Vps, main_site: Any, django_capture_on_commit_callbacks: Any, is_replaced: bool
) -> None:
    """A6. So that the answer to the next word, or the next click, is about the machine that is there."""
    bells()
    with django_capture_on_commit_callbacks(execute=True):
        main_site("update", id=known.pk, placement=place(replaced=is_replaced))
    asked = [bell[1:] for bell in bells() if bell[0] == "vps.identify_each"]
    assert asked == [([Placement.objects.get().pk],)]


def test_a6_a_batch_is_warned_of_each_as_one_word_is(known: Vps, simulated: Simulated, main_site: Any) -> None:
    """A6. And takes the word that a new machine stands there."""
    usurp(simulated)
    binding.identify(known.placement.pk)
    words = [update(id=known.pk, placement=where) for where in (place(), place(replaced=True), place())]
    first, second, third = batch(*words).json()["results"]
    assert "another machine was found there than was bound" in first["warnings"][0]
    assert ("warnings" in second, "warnings" in third) == (False, False)
    assert Placement.objects.get().stranger == ""


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_a6_replaced_is_true_or_false(known: Vps, main_site: Any, value: Any) -> None:
    """A6."""
    answer = main_site("update", id=known.pk, placement=place(replaced=value))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["vps.placement.replaced"])


def test_who_is_bound_already_is_not_bound_again(known: Vps, simulated: Simulated, real_cluster: Cluster) -> None:
    simulated.add(vmid=101)
    with pytest.raises(AlreadyBound):
        binding.bind(known, real_cluster, kind="qemu", vmid=101, node="pve1", by=None, source="admin")
