"""Guests of suspended servers are stopped until they are seen stopped, and are given back the power that they had."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.simulated import wait_for
from tests.verbs import power_before
from tests.vps.conftest import advance_once, at_once, bells, carry_out
from tests.vps.operations.stage import Killed
from vps import operations
from vps.hypervisor.proxmox.driver import Proxmox
from vps.models import Cluster, ClusterNode, Event, Operation, Placement, Suspension, Vps
from vps.operations import enforce_suspensions
from vps.operations.suspensions import LONGEST_PAUSE, ask
from vps.operations.verbs import VERBS
from vps.services import binding, sync
from vps.services.reconcile import reconcile
from web import crash_points

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def quick(quick_pauses: None) -> None:
    """All of these take many steps, one after another."""


@pytest.fixture
def shop(server: Any) -> Vps:
    """Alice's running server, whose guest is known."""
    vps: Vps = server(power="running")
    binding.identify(vps.placement.pk)
    return vps


def update(vps: Vps, status: str, **spec: Any) -> None:
    suspension = sync.SuspensionSpec("unpaid", **spec) if spec else None
    sync.apply_one(sync.SyncCommand("update", {"status": status}, vps.pk, suspension=suspension))


def suspend(vps: Vps, power: str = "stop") -> None:
    update(vps, "suspended", power=power)


def enforce() -> list[str]:
    """A round of the clock: what is asked for is carried out, and named."""
    before = Operation.objects.count()
    reconcile(Cluster.objects.get().pk)
    enforce_suspensions()
    asked = list(Operation.objects.order_by("pk")[before:])
    for operation in Operation.objects.open():
        carry_out(operation)
    reconcile(Cluster.objects.get().pk)
    return [operation.kind for operation in asked]


def wait_out() -> None:
    """The pause until the next try is over."""
    Suspension.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))


def advance_to_the_end(operation: Operation) -> None:
    while advance_once(operation) is not None:
        Operation.objects.update(due_at=timezone.now())


def power_of(simulated: Any) -> str:
    return str(simulated.guest(100)["power"])


def switch(simulated: Any, power: str) -> None:
    """On the hypervisor, by whomever."""
    simulated.change(100, power=power, started_at=timezone.now().timestamp() if power == "running" else 0)


def return_node(simulated: Any) -> None:
    """Its node answers, and is asked at once."""
    simulated.call("PATCH", "nodes/pve1", {"up": True})
    ClusterNode.objects.get().ask_at_once()


# Stopping


@pytest.mark.parametrize("kind", ["qemu", "lxc"])
def test_suspend_stops_the_guest_and_lifting_it_gives_its_power_back(server: Any, simulated: Any, kind: str) -> None:
    vps = server(kind, power="running")
    suspend(vps)
    assert enforce() == ["stop"]
    assert power_of(simulated) == "stopped"
    operation = Operation.objects.get()
    assert (operation.state, operation.source, operation.requested_by) == ("succeeded", "system", None)
    assert enforce() == []
    vps.refresh_from_db()
    assert vps.status == "suspended"
    update(vps, "running")
    assert enforce() == ["start"]
    assert power_of(simulated) == "running"
    assert enforce() == []
    assert simulated.commands(100) == ["shutdown", "start"]
    assert not Suspension.objects.exists()


def test_suspend_stops_a_guest_that_is_paused(server: Any, simulated: Any) -> None:
    suspend(server(power="paused"))
    assert enforce() == ["stop"]
    assert power_of(simulated) == "stopped"


def test_suspend_that_keeps_the_power_asks_for_nothing(shop: Vps, simulated: Any) -> None:
    suspend(shop, "keep")
    assert enforce() == []
    update(shop, "running")
    assert enforce() == []
    assert simulated.commands(100) == []


def test_suspend_stops_a_guest_that_comes_up_again_by_itself(shop: Vps, simulated: Any) -> None:
    suspend(shop)
    enforce()
    switch(simulated, "running")
    assert enforce() == [], "it was asked a moment ago"
    wait_out()
    assert enforce() == ["stop"]
    assert power_of(simulated) == "stopped"
    update(shop, "running")
    assert enforce() == ["start"]


def test_pauses_between_stops_grow_and_are_short_again_after_a_quiet_time(shop: Vps) -> None:
    suspend(shop)
    pauses = []
    for _ in range(7):
        seem_on()
        before = timezone.now()
        enforce_suspensions()
        row = Suspension.objects.get()
        pauses.append(round((row.next_try_at - before).total_seconds()))
        Operation.objects.update(state="failed", error_code="timed_out", finished_at=before)
        wait_out()
    assert pauses == [30, 60, 120, 240, 480, 600, 600]
    Suspension.objects.update(next_try_at=timezone.now() - LONGEST_PAUSE - HOUR)
    enforce_suspensions()
    assert Suspension.objects.get().tries == 1


def seem_on() -> None:
    Placement.objects.update(power="running")


def test_suspend_of_a_guest_on_a_node_that_is_away_stops_it_when_it_is_back(shop: Vps, simulated: Any) -> None:
    simulated.call("PATCH", "nodes/pve1", {"up": False})
    assert enforce() == []
    suspend(shop)
    assert enforce() == []
    assert Suspension.objects.get().power_before == ""
    return_node(simulated)
    assert enforce() == ["stop"]
    assert power_of(simulated) == "stopped"
    assert Suspension.objects.get().power_before == "running"


@pytest.mark.parametrize(
    "how",
    [
        {"missing_since": "2026-01-01T00:00Z"},
        {"doubted_since": "2026-01-01T00:00Z"},
        {"identity_mismatch": "another"},
        {"power": "unknown"},
        {"power": "stopped"},
    ],
)
def test_enforce_asks_nothing_of_a_guest_that_is_not_surely_seen_running(shop: Vps, how: Any) -> None:
    suspend(shop)
    Placement.objects.update(**how)
    assert enforce_suspensions() == 0
    Placement.objects.update(missing_since=None, doubted_since=None, identity_mismatch="", power="running")
    assert enforce_suspensions() == 1


@pytest.mark.parametrize("how", [{"is_active": False}, {"seen_at": "2026-01-01T00:00Z"}])
def test_enforce_asks_nothing_of_a_cluster_that_is_not_heard(shop: Vps, real_cluster: Any, how: Any) -> None:
    suspend(shop)
    Cluster.objects.update(**how)
    assert enforce_suspensions() == 0
    Cluster.objects.update(is_active=True, seen_at=timezone.now())
    assert enforce_suspensions() == 1


def test_enforce_asks_nothing_of_a_server_without_a_guest(shop: Vps) -> None:
    suspend(shop)
    Placement.objects.all().delete()
    assert enforce_suspensions() == 0


def test_enforce_waits_for_what_is_open_and_then_stops_what_a_reboot_has_brought_up(
    shop: Vps, simulated: Any, alice: Any
) -> None:
    operation = operations.request(shop, "reboot", by=alice, source="page")
    advance_once(operation)
    suspend(shop)
    assert enforce_suspensions() == 0
    carry_out(operation)
    assert enforce() == ["stop"]
    assert power_of(simulated) == "stopped"


@pytest.mark.parametrize("asked", VERBS)
def test_operation_that_was_queued_before_a_suspension_sends_nothing_after_it(
    server: Any, simulated: Any, alice: Any, asked: str
) -> None:
    vps = server(power=power_before(asked))
    operation = operations.request(vps, asked, by=alice, source="page")
    suspend(vps)
    assert carry_out(operation).error_code == "vps_suspended"
    assert simulated.commands(100) == []


def test_enforce_that_comes_often_asks_once(shop: Vps, simulated: Any) -> None:
    suspend(shop)
    suspend(shop)
    assert enforce_suspensions() == 1
    assert enforce_suspensions() == 0
    carry_out(Operation.objects.get())
    wait_out()
    suspend(shop)
    assert enforce_suspensions() == 0
    assert simulated.commands(100) == ["shutdown"]


@pytest.mark.django_db(transaction=True)
def test_enforce_by_many_at_once_asks_once(shop: Vps) -> None:
    suspend(shop)
    assert sum(at_once(*[enforce_suspensions] * 6)) == 1
    assert Operation.objects.count() == 1


@pytest.mark.parametrize("point", ["after_claim", "after_intent", "after_send", "before_record", "before_end"])
def test_stop_whose_worker_dies_is_carried_on_by_the_next_and_sent_once(
    shop: Vps, simulated: Any, shorten: Any, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def die(at: str) -> None:
        if at == point:
            monkeypatch.setattr(crash_points, "listeners", [])
            if point == "after_send":
                wait_for(lambda: simulated.commands(100))
            raise Killed

    shorten(traits=replace(Proxmox.traits, orphan_s=1.0))
    suspend(shop)
    assert enforce_suspensions() == 1
    monkeypatch.setattr(crash_points, "listeners", [die])
    stop = Operation.objects.get()
    with pytest.raises(Killed):
        advance_to_the_end(stop)
    assert enforce_suspensions() == 0
    Operation.objects.update(due_at=timezone.now())
    assert carry_out(stop).state == "succeeded"
    assert simulated.commands(100) == ["shutdown"]
    update(shop, "running")
    assert enforce() == ["start"]


def test_stop_that_failed_is_asked_for_again(shop: Vps, simulated: Any) -> None:
    simulated.answer("POST", "/nodes/pve1/qemu/100/status/shutdown", 500, "out of order")
    suspend(shop)
    assert enforce() == ["stop"]
    assert Operation.objects.get().state == "failed"
    simulated.answer_truly()
    wait_out()
    assert enforce() == ["stop"]
    assert power_of(simulated) == "stopped"


def test_stop_of_a_deaf_guest_cuts_its_power(server: Any, simulated: Any, shorten: Any) -> None:
    shorten(shutdown_s=1)
    suspend(server(power="running", ignores_acpi=True))
    assert enforce() == ["stop"]
    assert power_of(simulated) == "stopped"


def test_enforce_of_a_server_that_is_deleted_meanwhile_asks_nothing(shop: Vps, simulated: Any) -> None:
    suspend(shop)
    enforce_suspensions()
    sync.apply_one(sync.SyncCommand("delete", id=shop.pk))
    assert (Operation.objects.get().error_code, Suspension.objects.count()) == ("vps_deleted", 0)
    assert enforce_suspensions() == 0
    assert simulated.commands(100) == []


# Giving back


def test_lifting_gives_nothing_back_of_what_was_stopped_before(server: Any, simulated: Any) -> None:
    """Though it came up meanwhile, and was stopped by the panel."""
    vps = server(power="stopped")
    suspend(vps)
    assert enforce() == []
    switch(simulated, "running")
    assert enforce() == ["stop"]
    update(vps, "running")
    assert enforce() == []
    assert power_of(simulated) == "stopped"
    assert not Suspension.objects.exists()


def test_lifting_gives_back_what_was_there_though_something_else_has_stopped_it(shop: Vps, simulated: Any) -> None:
    """As a node does that fails, and comes back without it."""
    suspend(shop)
    switch(simulated, "stopped")
    assert enforce() == []
    update(shop, "running")
    assert enforce() == ["start"]
    assert power_of(simulated) == "running"


def test_lifting_before_the_stop_is_sent_sends_nothing(shop: Vps, simulated: Any) -> None:
    suspend(shop)
    enforce_suspensions()
    update(shop, "running")
    assert carry_out(Operation.objects.get()).error_code == "suspension_ended"
    assert enforce() == []
    assert (power_of(simulated), simulated.commands(100)) == ("running", [])
    assert not Suspension.objects.exists()


def test_lifting_while_the_guest_goes_down_lets_it_and_starts_it_again(shop: Vps, simulated: Any) -> None:
    suspend(shop)
    enforce_suspensions()
    stop = Operation.objects.get()
    advance_once(stop)
    update(shop, "running")
    assert enforce_suspensions() == 0
    assert carry_out(stop).state == "succeeded"
    assert enforce() == ["start"]
    assert power_of(simulated) == "running"


def test_lifting_while_the_node_is_away_starts_the_guest_when_it_is_back(shop: Vps, simulated: Any) -> None:
    suspend(shop)
    enforce()
    simulated.call("PATCH", "nodes/pve1", {"up": False})
    assert enforce() == []
    update(shop, "running")
    assert enforce() == []
    return_node(simulated)
    assert enforce() == ["start"]
    assert power_of(simulated) == "running"


def test_start_that_failed_is_asked_for_again_until_the_guest_runs(shop: Vps, simulated: Any) -> None:
    suspend(shop)
    enforce()
    simulated.answer("POST", "/nodes/pve1/qemu/100/status/start", 500, "no memory left")
    update(shop, "running")
    assert enforce() == ["start"]
    assert enforce() == []
    simulated.answer_truly()
    wait_out()
    assert enforce() == ["start"]
    assert power_of(simulated) == "running"
    enforce()
    assert not Suspension.objects.exists()


@pytest.mark.parametrize("asked", ["start", "stop"])
def test_lifting_starts_nothing_after_somebody_else_has_asked_for_power(
    shop: Vps, simulated: Any, alice: Any, asked: str
) -> None:
    suspend(shop)
    enforce()
    update(shop, "running")
    operations.request(shop, asked, by=alice, source="api")
    assert enforce() == []
    assert power_of(simulated) == ("running" if asked == "start" else "stopped")
    assert not Suspension.objects.exists()


def test_lifting_starts_nothing_that_somebody_has_started_on_the_hypervisor(shop: Vps, simulated: Any) -> None:
    suspend(shop)
    enforce()
    update(shop, "running")
    switch(simulated, "running")
    assert enforce() == []
    assert not Suspension.objects.exists()


def test_lifting_after_a_stop_of_which_nobody_knows_the_end_makes_sure_that_the_guest_runs(
    shop: Vps, simulated: Any
) -> None:
    suspend(shop)
    enforce_suspensions()
    when = timezone.now()
    Operation.objects.update(
        state="failed", error_code="outcome_unknown", intent_at=when, sent_at=when, finished_at=when
    )
    update(shop, "running")
    assert enforce_suspensions() == 1
    assert Operation.objects.open().get().kind == "start"


def test_lifting_before_another_stop_was_sent_forgets_not_the_one_of_which_nobody_knows_the_end(
    shop: Vps, simulated: Any
) -> None:
    suspend(shop)
    enforce_suspensions()
    when = timezone.now()
    Operation.objects.update(
        state="failed", error_code="outcome_unknown", intent_at=when, sent_at=when, finished_at=when
    )
    wait_out()
    assert enforce_suspensions() == 1
    update(shop, "running")
    assert carry_out(Operation.objects.open().get()).error_code == "suspension_ended"
    assert enforce_suspensions() == 1
    assert Operation.objects.open().get().kind == "start"


def test_suspend_again_before_the_power_was_given_back_still_owes_it(shop: Vps, simulated: Any) -> None:
    suspend(shop)
    enforce()
    update(shop, "running")
    suspend(shop)
    assert enforce() == []
    update(shop, "running")
    assert enforce() == ["start"]
    assert power_of(simulated) == "running"


def test_suspend_again_owes_nothing_of_before_to_whom_has_asked_for_power_since(
    shop: Vps, simulated: Any, alice: Any
) -> None:
    """Though no round has passed between, which would have forgotten what was owed."""
    suspend(shop)
    enforce()
    update(shop, "running")
    carry_out(operations.request(shop, "start", by=alice, source="api"))
    carry_out(operations.request(shop, "stop", by=alice, source="api"))
    suspend(shop)
    assert Suspension.objects.get().power_before == "stopped"
    update(shop, "running")
    assert enforce() == []
    assert power_of(simulated) == "stopped"


def test_suspend_again_while_the_guest_comes_up_stops_it(shop: Vps, simulated: Any) -> None:
    suspend(shop)
    enforce()
    update(shop, "running")
    enforce_suspensions()
    suspend(shop)
    start = Operation.objects.open().get()
    assert carry_out(start).error_code == "vps_suspended"
    assert enforce() == []
    update(shop, "running")
    assert enforce() == ["start"]


def test_suspend_that_keeps_the_power_after_all_gives_back_what_was_stopped(shop: Vps, simulated: Any) -> None:
    suspend(shop)
    enforce()
    suspend(shop, "keep")
    switch(simulated, "running")
    wait_out()
    assert enforce() == [], "it may run now"
    switch(simulated, "stopped")
    update(shop, "running")
    assert enforce() == ["start"]


def test_suspend_that_keeps_the_power_after_all_withholds_a_stop_that_was_not_sent(shop: Vps, simulated: Any) -> None:
    suspend(shop)
    enforce_suspensions()
    suspend(shop, "keep")
    assert carry_out(Operation.objects.get()).error_code == "suspension_ended"
    assert simulated.commands(100) == []


def test_suspend_with_another_word_forgets_nothing_of_the_power(shop: Vps) -> None:
    suspend(shop)
    enforce()
    update(shop, "suspended", message="Please pay.", power="stop")
    row = Suspension.objects.get()
    assert (row.message, row.power_before, row.has_stopped) == ("Please pay.", "running", True)


@pytest.mark.parametrize(("power_before", "asked"), [("running", ["start"]), ("stopped", []), ("", [])])
def test_lifting_by_a_release_that_knows_of_no_suspensions_gives_back_what_is_owed(
    server: Any, power_before: str, asked: list[str]
) -> None:
    vps = server(power="stopped")
    Suspension.objects.create(vps=vps, power="stop", has_stopped=True, power_before=power_before)
    assert enforce() == asked
    enforce()
    assert not Suspension.objects.exists()


def test_ask_of_what_is_due_no_more_asks_nothing(shop: Vps) -> None:
    """It was when the round began."""
    suspend(shop)
    suspend(shop, "keep")
    assert not ask(shop.pk, "stop")
    assert not Operation.objects.exists()
    assert Suspension.objects.get().tries == 0


# Who sees to it


def test_enforce_is_rung_for_by_sync_and_by_a_guest_that_is_seen_running(
    shop: Vps, simulated: Any, real_cluster: Any, django_capture_on_commit_callbacks: Any
) -> None:
    ring = ("vps.enforce_suspensions",)
    for how, is_rung in ((lambda: suspend(shop, "keep"), False), (lambda: suspend(shop), True)):
        bells()
        with django_capture_on_commit_callbacks(execute=True):
            how()
        assert (ring in bells()) is is_rung
    enforce()
    switch(simulated, "running")
    bells()
    with django_capture_on_commit_callbacks(execute=True):
        reconcile(real_cluster.pk)
    assert ring in bells()


def test_enforce_that_nobody_sees_to_is_neglected(shop: Vps) -> None:
    suspend(shop)
    assert not operations.are_suspensions_neglected()
    Suspension.objects.update(next_try_at=timezone.now() - HOUR)
    assert operations.are_suspensions_neglected()
    enforce()
    Suspension.objects.update(next_try_at=timezone.now() - HOUR)
    assert not operations.are_suspensions_neglected()
    update(shop, "running")
    Suspension.objects.update(next_try_at=timezone.now() - HOUR)
    assert operations.are_suspensions_neglected()


def test_enforce_costs_as_much_for_a_thousand_suspended_servers_as_for_one(
    alice: Any, real_cluster: Any, make_vps: Any
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as counted:
            assert enforce_suspensions() == 0
        return len(counted)

    def add(vmids: range) -> None:
        columns = {"user": alice, "status": "suspended", "cpu": 1, "ram": 128, "disk": 1, "os": "Debian 12"}
        made = Vps.objects.bulk_create([Vps(name=f"vps-{vmid}", **columns) for vmid in vmids])
        where = {"cluster": real_cluster, "kind": "qemu", "node": "pve1", "power": "stopped"}
        Placement.objects.bulk_create(
            [Placement(vps=vps, vmid=vmid, guest=str(vmid), **where) for vps, vmid in zip(made, vmids, strict=True)]
        )
        Suspension.objects.bulk_create([Suspension(vps=vps, power="stop", power_before="stopped") for vps in made])

    add(range(100, 101))
    looks = 5
    assert cost() == looks
    add(range(101, 1101))
    assert cost() == looks


def test_events_of_a_stop_name_nobody(shop: Vps) -> None:
    suspend(shop)
    enforce()
    types = ["operation.queued", "operation.succeeded"]
    for event in Event.objects.filter(type__in=types):
        assert (event.by, event.source, event.user_id) == (None, "system", shop.user_id)
    assert Event.objects.filter(type__in=types).count() == 2
