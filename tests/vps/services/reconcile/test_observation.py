"""What is seen on a cluster, made true here: reconcile, use and history, over real HTTPS."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.vps.conftest import advance_once, carry_out
from vps import observations, operations
from vps.hypervisor import connect
from vps.hypervisor.base import Access
from vps.models import Cluster, Event, Operation, Placement, Vps
from vps.services import binding, metrics
from vps.services.reconcile import reconcile
from vps.services.reconcile.compare import changes
from vps.services.reconcile.learn import known_of, learn


def test_reconcile_sees_what_was_started_behind_our_back(server: Any, simulated: Any, real_cluster: Cluster) -> None:
    vps = server()
    simulated.call("POST", "guests/100/power", {"power": "running"})
    assert reconcile(real_cluster.pk) == 1
    vps.refresh_from_db()
    assert (vps.status, vps.placement.power) == ("running", "running")
    event = Event.objects.get()
    assert (event.type, event.data) == ("vps.status_changed", {"was": "stopped", "status": "running"})


def test_reconcile_writes_nothing_of_an_unchanged_cluster(server: Any, real_cluster: Cluster) -> None:
    server()
    reconcile(real_cluster.pk)
    before = list(Placement.objects.values()), list(Vps.objects.values())
    assert reconcile(real_cluster.pk) == 0
    assert (list(Placement.objects.values()), list(Vps.objects.values())) == before
    assert not Event.objects.exists()


def test_reconcile_costs_the_same_queries_for_one_guest_and_for_fifty(
    server: Any, real_cluster: Cluster, django_assert_max_num_queries: Any
) -> None:
    for vmid in range(100, 150):
        server(vmid=vmid)
    Placement.objects.update(identity="known")
    with django_assert_max_num_queries(8):
        reconcile(real_cluster.pk)


@pytest.mark.parametrize("status", ["suspended", "creating", "error"])
def test_reconcile_does_not_overrule_what_the_main_site_said(server: Any, real_cluster: Cluster, status: str) -> None:
    vps = server(power="running")
    Vps.objects.update(status=status)
    reconcile(real_cluster.pk)
    vps.refresh_from_db()
    assert vps.status == status


def test_reconcile_corrects_what_the_main_site_said_of_power_by_what_is_seen(
    server: Any, real_cluster: Cluster
) -> None:
    vps = server()
    Vps.objects.update(status="running")
    reconcile(real_cluster.pk)
    vps.refresh_from_db()
    assert vps.status == "stopped"


def test_reconcile_flags_a_guest_that_is_gone_finds_it_again_and_never_deletes_it(
    server: Any, simulated: Any, real_cluster: Cluster
) -> None:
    vps = server()
    guest = simulated.guest(100)
    simulated.call("DELETE", "guests/100")
    reconcile(real_cluster.pk)
    vps = Vps.objects.get(pk=vps.pk)
    assert vps.placement.missing_since
    assert vps.shown.word == "unknown"
    simulated.call("POST", "guests", guest)
    reconcile(real_cluster.pk)
    assert Vps.objects.get(pk=vps.pk).shown.word == "unknown"
    binding.identify(vps.placement.pk)
    assert Vps.objects.get(pk=vps.pk).shown.word == "stopped"
    assert list(Event.objects.order_by("id").values_list("type", flat=True)) == ["vps.missing", "vps.found"]


def test_reconcile_learns_nothing_of_another_guest_from_the_list(
    server: Any, simulated: Any, real_cluster: Cluster
) -> None:
    """The list tells guests by their key alone, so to it the other one is the one that was bound."""
    vps = server(power="running")
    vps.placement.record_mismatch(("uuid:somebody-else",))
    before = list(Placement.objects.values())
    simulated.call("POST", "guests/100/power", {"power": "stopped"})
    reconcile(real_cluster.pk)
    seen = Vps.objects.get(pk=vps.pk)
    assert list(Placement.objects.values()) == before
    assert (seen.status, seen.shown.word) == ("running", "unknown")
    assert list(Event.objects.values_list("type", flat=True)) == ["vps.mistaken"]
    assert metrics.usage(seen) is None
    assert metrics.history(seen, "hour")["state"] == "unavailable"


def test_reconcile_shows_the_guests_of_a_dead_node_as_unknown_and_no_others(
    server: Any, simulated: Any, real_cluster: Cluster
) -> None:
    dead, alive = server(power="running", node="pve2"), server(power="running", vmid=101)
    simulated.call("PATCH", "nodes/pve2", {"up": False})
    reconcile(real_cluster.pk)
    assert Vps.objects.get(pk=dead.pk).shown.word == "unknown"
    assert Vps.objects.get(pk=dead.pk).status == "running"
    assert Vps.objects.get(pk=alive.pk).shown.word == "running"


def test_reconcile_marks_an_unreachable_cluster_with_since_when_and_why(
    server: Any, simulated: Any, real_cluster: Cluster
) -> None:
    simulated.call("PATCH", "faults", {"drop": True})
    reconcile(real_cluster.pk)
    real_cluster.refresh_from_db()
    since = real_cluster.unreachable_since
    assert since
    assert real_cluster.failure
    real_cluster.ask_at_once()
    reconcile(real_cluster.pk)
    real_cluster.refresh_from_db()
    assert (real_cluster.unreachable_since, real_cluster.failures) == (since, 2)


def test_reconcile_does_not_undo_a_look_by_a_list_that_lags_behind_it(
    server: Any, simulated: Any, real_cluster: Cluster
) -> None:
    vps = server(power="running")
    simulated.call("PATCH", "faults", {"list_lag_seconds": 60})
    simulated.api("GET", "/cluster/resources", type="vm")
    simulated.change(100, power="stopped")
    vps.placement.see(power="stopped", node="pve1")
    Vps.objects.update(status="stopped")
    assert reconcile(real_cluster.pk) == 0
    vps.refresh_from_db()
    assert vps.status == "stopped"


def test_reconcile_keeps_what_was_seen_while_the_list_was_on_its_way(
    server: Any, simulated: Any, alice: Any, real_cluster: Cluster
) -> None:
    server(power="running")
    simulated.change(100, power="stopped")
    hypervisor = connect("proxmox", Access(**real_cluster.credentials()))
    by_key = {guest.ref.key: guest for guest in hypervisor.guests()}
    found = list(changes(known_of(real_cluster), by_key))
    carry_out(operations.request(Vps.objects.get(), "start", by=alice, source="page"))
    assert learn(real_cluster, found) == []
    assert Vps.objects.get().status == "running"
    assert not Event.objects.filter(type="vps.status_changed").exists()


def test_usage_shows_nothing_of_another_kind_of_guest_under_the_key(
    server: Any, simulated: Any, real_cluster: Cluster
) -> None:
    vps = server("qemu", power="running")
    simulated.call("DELETE", "guests/100")
    simulated.add("lxc", power="running")
    reconcile(real_cluster.pk)
    assert metrics.usage(vps) is None


def test_reconcile_leaves_a_server_to_its_open_operation(server: Any, simulated: Any, real_cluster: Cluster) -> None:
    vps = server()
    deadline = timezone.now() + timedelta(minutes=1)
    Operation.objects.create(vps=vps, kind="start", source="page", deadline_at=deadline)
    simulated.change(100, power="running")
    reconcile(real_cluster.pk)
    vps.refresh_from_db()
    assert vps.status == "stopped"


def test_usage_is_kept_with_rates_from_two_rounds(server: Any, real_cluster: Cluster) -> None:
    vps = server(power="running", started_at=timezone.now().timestamp() - 100)
    reconcile(real_cluster.pk)
    assert metrics.usage(vps)["rates"]["net_in"] is None
    reconcile(real_cluster.pk)
    assert metrics.usage(vps)["rates"]["net_in"] >= 0
    assert metrics.usage(vps)["ram"]["total"] == 1024**3
    assert "counted" not in metrics.usage(vps)


def test_history_is_fetched_by_a_worker_and_kept(server: Any) -> None:
    vps = server(power="running")
    assert metrics.history(vps, "hour")["state"] == "pending"
    metrics.fetch_history(vps.pk, "hour")
    history = metrics.history(vps, "hour")
    assert history["state"] == "ready"
    assert set(history["points"][-1]) >= {"time", "cpu", "ram_used", "net_in", "net_out", "disk_read", "disk_written"}


def test_suggestions_list_the_guests_of_a_cluster_for_staff(server: Any, real_cluster: Cluster) -> None:
    vps = server(name="guest-of-alice")
    assert binding.suggestions(real_cluster) is None
    reconcile(real_cluster.pk)
    (guest,) = binding.suggestions(real_cluster)
    assert (guest["vps"], guest["name"]) == (vps, "guest-of-alice")
    assert observations.guests(real_cluster.pk)[0]["guest"] == "100"


def test_reconcile_reads_nothing_that_a_release_of_before_has_stored(server: Any, real_cluster: Cluster) -> None:
    """Guests were numbers then; a round that mixed both shapes would come to nothing."""
    server(name="guest-of-alice", power="running")
    cache.set(f"guests:{real_cluster.pk}", [{"kind": "qemu", "vmid": 100, "node": "pve1", "name": "old"}], 60)
    cache.set(f"guests-by-key:{real_cluster.pk}", [{"kind": "qemu", "guest": "100", "node": "pve1"}], 60)
    cache.set(f"use-of:{Placement.objects.get().pk}", {"cpu": 1.0, "at": 0, "counted": {}}, 60)
    cache.set(f"sightings:{real_cluster.pk}", {100: ("old", 1, 2, 3, 4.0)}, 60)
    assert (binding.suggestions(real_cluster), observations.sightings(real_cluster.pk)) == (None, {})
    assert metrics.usage(Vps.objects.get()) is None
    reconcile(real_cluster.pk)
    assert not Placement.objects.exclude(doubted_since=None).exists()
    assert list(observations.sightings(real_cluster.pk)) == ["100"]


def test_reconcile_shows_a_server_as_unknown_while_its_node_is_unreachable_under_an_operation(
    server: Any, simulated: Any, alice: Any, real_cluster: Cluster
) -> None:
    vps = server(power="running")
    operation = operations.request(vps, "reboot", by=alice, source="page")
    simulated.call("PATCH", "nodes/pve1", {"up": False})
    advance_once(operation)
    operation.refresh_from_db()
    assert operation.step == "silent"
    reconcile(real_cluster.pk)
    assert Vps.objects.get().shown.word == "unknown"
    simulated.call("PATCH", "nodes/pve1", {"up": True})
    reconcile(real_cluster.pk)
    assert Vps.objects.get().shown.word == "running"
