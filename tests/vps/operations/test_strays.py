"""What was sent and not heard of, and what changes hands meanwhile: nothing acts twice, or on another guest."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.seams import Shorten
from tests.simulated import wait_for
from tests.verbs import power_before
from tests.vps.conftest import advance_once, carry_out
from vps import operations
from vps.guests import GuestRef, Kind
from vps.hypervisor.base import OutcomeUnknown, Refusal, Refused
from vps.hypervisor.proxmox import commands
from vps.hypervisor.proxmox.driver import ListedProxmox, Proxmox
from vps.models import Cluster, ClusterNode, Operation, Placement, Vps
from vps.open_hypervisor import open_hypervisor
from vps.operations.advance import advance
from vps.services import binding, sync

STRAY_FOR = timedelta(seconds=Proxmox.traits.stray_s)
ELSEWHERE = sync.PlacementSpec("simulated", GuestRef(Kind.VM, "200", "pve1"))


@pytest.fixture(autouse=True)
def quick(quick_pauses: None) -> None:
    """All of these take many steps, one after another."""


def later(seconds: float) -> None:
    """As if every operation had been sent so long ago, and were due."""
    past = timezone.now() - timedelta(seconds=seconds)
    Operation.objects.filter(sent_at__isnull=False).update(sent_at=past)
    Operation.objects.update(due_at=past)


# Another guest


def test_reboot_that_was_perhaps_sent_does_not_follow_its_server_to_another_guest(
    server: Any, simulated: Any, alice: Any
) -> None:
    vps = server(power="running")
    simulated.add("qemu", 200, power="running")
    simulated.call("PATCH", "faults", {"lose_answers": 1})
    operation = operations.request(vps, "reboot", by=alice, source="page")
    advance_once(operation)
    sync.apply_one(sync.SyncCommand("update", id=vps.pk, placement=ELSEWHERE))
    later(seconds=60)
    assert carry_out(operation).error_code == "vps_unbound"
    assert (simulated.commands(100), simulated.commands(200)) == (["reboot"], [])


def test_start_is_not_proved_by_another_guests_power(server: Any, simulated: Any, alice: Any) -> None:
    vps = server(start_seconds=1.0)
    simulated.add("qemu", 200, power="running")
    operation = operations.request(vps, "start", by=alice, source="page")
    advance_once(operation)
    sync.apply_one(sync.SyncCommand("update", id=vps.pk, placement=ELSEWHERE))
    assert carry_out(operation).error_code == "vps_unbound"


def test_restart_that_was_asked_of_one_guest_is_not_done_to_the_next(
    server: Any, simulated: Any, alice: Any, carol: Any, real_cluster: Cluster
) -> None:
    vps = server(power="running")
    simulated.add("qemu", 200, power="running")
    operation = operations.request(vps, "restart", by=alice, source="page")
    binding.unbind(vps, by=carol, source="admin")
    vps = Vps.objects.get(pk=vps.pk)
    binding.bind(vps, real_cluster, GuestRef(Kind.VM, "200", "pve1"), by=carol, source="admin")
    assert carry_out(operation).error_code == "vps_unbound"
    assert (simulated.commands(100), simulated.commands(200)) == ([], [])


# A forced stop


@pytest.mark.parametrize("kind", ["qemu", "lxc"])
@pytest.mark.parametrize("answers_lost", [0, 1])
def test_force_stop_does_not_trust_a_guest_that_is_just_starting(
    server: Any, simulated: Any, alice: Any, kind: str, answers_lost: int
) -> None:
    vps = server(kind, start_seconds=1.5)
    simulated.call("PATCH", "faults", {"lose_answers": answers_lost})
    starting = operations.request(vps, "start", by=alice, source="page")
    advance_once(starting)
    forced = carry_out(operations.request(vps, "force-stop", by=alice, source="page"))
    assert forced.state == "succeeded"
    assert (simulated.commands(100), simulated.guest(100)["power"]) == (["start", "stop"], "stopped")


def test_force_stop_does_not_trust_a_guest_between_the_halves_of_its_reboot(
    server: Any, simulated: Any, alice: Any
) -> None:
    vps = server(power="running", start_seconds=1.0)
    rebooting = operations.request(vps, "reboot", by=alice, source="page")
    advance_once(rebooting)
    while simulated.guest(100)["power"] != "stopped":
        time.sleep(0.05)
    forced = carry_out(operations.request(vps, "force-stop", by=alice, source="page"))
    assert forced.state == "succeeded"
    assert (simulated.commands(100), simulated.guest(100)["power"]) == (["reboot", "stop"], "stopped")


def test_force_stop_waits_for_a_while_only_for_a_reboot_that_never_brings_the_guest_up(
    server: Any, alice: Any, shorten: Shorten
) -> None:
    shorten(traits=replace(Proxmox.traits, comes_up_within_s=0.5))
    vps = server(power="running", fail_start=True)
    rebooting = operations.request(vps, "reboot", by=alice, source="page")
    advance_once(rebooting)
    assert carry_out(operations.request(vps, "force-stop", by=alice, source="page")).state == "succeeded"


# Perhaps sent


def test_find_misses_no_task_by_a_clock_that_is_ahead_by_seconds(
    server: Any, simulated: Any, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intent bears the clock of the host that answered, the task that of its node."""
    real = Proxmox.look

    def ahead(self: Proxmox, ref: Any) -> Any:
        look = real(self, ref)
        object.__setattr__(look, "at", look.at + timedelta(seconds=5))
        return look

    vps = server(power="running")
    simulated.call("PATCH", "faults", {"lose_answers": 1})
    with monkeypatch.context() as patch:
        patch.setattr(Proxmox, "look", ahead)
        operation = operations.request(vps, "reboot", by=alice, source="page")
        advance_once(operation)
    later(seconds=60)
    advance_once(operation)
    operation.refresh_from_db()
    assert operation.handle
    assert simulated.commands(100) == ["reboot"]


def test_find_begins_the_time_for_a_stray_with_its_first_look(server: Any, simulated: Any, alice: Any) -> None:
    """A worker that was paused may have sent it just now, however old the intent."""
    operation = operations.request(server(power="running"), "reboot", by=alice, source="page")
    now = timezone.now()
    Operation.objects.update(
        state="running", step="sending", intent_at=now, sent_at=now - timedelta(minutes=1), node="pve1", attempts=1
    )
    advance_once(operation)
    operation.refresh_from_db()
    assert (operation.step, operation.intent_at is not None) == ("finding", True)
    simulated.api("POST", "/nodes/pve1/qemu/100/status/reboot")
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["reboot"]


def test_find_gives_up_a_command_that_never_arrived_and_it_is_sent_again(
    server: Any, simulated: Any, alice: Any
) -> None:
    operation = operations.request(server(), "start", by=alice, source="page")
    now = timezone.now()
    Operation.objects.update(
        state="running", step="finding", intent_at=now, sent_at=now - STRAY_FOR * 2, node="pve1", attempts=1
    )
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["start"]


@pytest.mark.parametrize("kind", ["start", "reboot"])
def test_find_sends_nothing_again_that_was_perhaps_sent_by_another_token(
    server: Any, simulated: Any, alice: Any, kind: str
) -> None:
    operation = operations.request(server(power=power_before(kind)), kind, by=alice, source="page")
    long_ago = timezone.now() - STRAY_FOR * 2
    lost = {"state": "running", "step": "finding", "intent_at": long_ago, "sent_at": long_ago, "node": "pve1"}
    Operation.objects.update(**lost, attempts=1, sent_as="panel@pve!old")
    assert carry_out(operation).error_code == "outcome_unknown"
    assert simulated.commands(100) == []


def test_send_records_the_token_it_sent_by_though_it_is_changed_meanwhile(
    server: Any, alice: Any, real_cluster: Cluster
) -> None:
    """Or else the next would look for the task by the new token, see none, and send again."""
    operation = operations.request(server(), "start", by=alice, source="page")
    with open_hypervisor(real_cluster) as hypervisor:
        Cluster.objects.update(token_id="panel@pve!new")
        advance(operation.pk, operation.vps_id, hypervisor)
    operation.refresh_from_db()
    assert operation.sent_as == "panel@pve!portal"


def test_find_does_not_adopt_a_task_that_did_nothing(server: Any, simulated: Any, alice: Any) -> None:
    """The first start met a lock, the second lost its answer: the node lists both."""
    vps = server()
    spent = simulated.api("POST", "/nodes/pve1/qemu/100/status/start").json()["data"]
    operation = operations.request(vps, "start", by=alice, source="page")
    Operation.objects.update(
        state="running", step="sending", intent_at=timezone.now(), node="pve1", attempts=2, spent_handles=[spent]
    )
    advance_once(operation)
    operation.refresh_from_db()
    assert operation.handle == ""


@pytest.mark.parametrize(("kind", "asked", "sent"), [("qemu", "restart", "reset"), ("lxc", "reboot", "reboot")])
def test_find_does_not_adopt_the_task_of_an_operation_before_whose_answer_was_lost(
    server: Any, simulated: Any, alice: Any, monkeypatch: pytest.MonkeyPatch, kind: str, asked: str, sent: str
) -> None:
    """A forced stop overtook it, and the one that asks for the same once more dies before it has sent anything."""
    vps = server(kind, power="running")
    simulated.call("PATCH", "faults", {"lose_answers": 1})
    advance_once(operations.request(vps, asked, by=alice, source="page"))
    carry_out(operations.request(vps, "force-stop", by=alice, source="page"))
    carry_out(operations.request(vps, "start", by=alice, source="page"))
    again = operations.request(vps, asked, by=alice, source="page")
    with monkeypatch.context() as patch:
        patch.setattr(Proxmox, "send", lost)
        advance_once(again)
    later(seconds=1)
    advance_once(again)
    later(seconds=60)
    assert carry_out(again).state == "succeeded"
    assert simulated.commands(100).count(sent) == 2


def test_find_does_not_adopt_a_task_of_the_server_that_had_the_guest_before(
    server: Any, simulated: Any, alice: Any, make_vps: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = server(power="running")
    simulated.call("PATCH", "faults", {"lose_answers": 1})
    advance_once(operations.request(first, "restart", by=alice, source="page"))
    sync.apply_one(sync.SyncCommand("delete", id=first.pk))
    vps = make_vps(alice)
    sync.apply_one(
        sync.SyncCommand(
            "update", id=vps.pk, placement=sync.PlacementSpec("simulated", GuestRef(Kind.VM, "100", "pve1"))
        )
    )
    again = operations.request(Vps.objects.get(pk=vps.pk), "restart", by=alice, source="page")
    with monkeypatch.context() as patch:
        patch.setattr(Proxmox, "send", lost)
        advance_once(again)
    later(seconds=1)
    advance_once(again)
    again.refresh_from_db()
    assert (again.step, again.handle) == ("finding", "")


def lost(self: Proxmox, *args: Any, **options: Any) -> str:
    raise OutcomeUnknown("it never arrived")


def test_find_finds_a_command_whose_answer_was_lost_though_its_guest_has_moved(
    server: Any, simulated: Any, alice: Any
) -> None:
    operation = operations.request(server(power="running"), "reboot", by=alice, source="page")
    simulated.call("PATCH", "faults", {"lose_answers": 1})
    advance_once(operation)
    simulated.change(100, node="pve2")
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["reboot"]


# What a refused read proves


def test_follow_does_not_take_a_task_that_cannot_be_asked_for_as_done(
    server: Any, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = operations.request(server(power="running", never_ends=True), "restart", by=alice, source="page")
    advance_once(operation)

    def denied(self: Proxmox, upid: str) -> Any:
        raise Refused(Refusal.DENIED, "401 Authentication failed!")

    monkeypatch.setattr(Proxmox, "task", denied)
    later(seconds=1)
    advance_once(operation)
    operation.refresh_from_db()
    assert (operation.state, operation.step) == ("running", "working")


@pytest.mark.parametrize(("asked", "end"), [("restart", "outcome_unknown"), ("reboot", "")])
def test_follow_asks_the_guest_about_a_forgotten_task_unless_it_leaves_no_trace(
    server: Any, alice: Any, monkeypatch: pytest.MonkeyPatch, asked: str, end: str
) -> None:
    operation = operations.request(server(power="running"), asked, by=alice, source="page")
    advance_once(operation)

    def forgotten(self: Proxmox, upid: str) -> Any:
        raise Refused(Refusal.NO_TASK, "400 Parameter verification failed. {'upid': 'no such task'}")

    monkeypatch.setattr(Proxmox, "task", forgotten)
    monkeypatch.setattr(ListedProxmox, "tasks_listed", {})
    assert carry_out(operation).error_code == end


@pytest.mark.parametrize("reason", [Refusal.NO_QUORUM, Refusal.LOCKED, Refusal.OTHER])
def test_confirm_sends_nothing_again_when_its_look_is_refused(
    server: Any, simulated: Any, alice: Any, monkeypatch: pytest.MonkeyPatch, reason: Refusal
) -> None:
    operation = operations.request(server(power="running"), "reboot", by=alice, source="page")
    real, left = Proxmox.look, [1]

    def refused_once(self: Proxmox, ref: Any) -> Any:
        if Operation.objects.get().step == "confirming" and left:
            left.pop()
            raise Refused(reason, "500 it is not my day")
        return real(self, ref)

    monkeypatch.setattr(Proxmox, "look", refused_once)
    assert carry_out(operation).state == "succeeded"
    assert not left
    assert simulated.commands(100) == ["reboot"]


# Time and the main site


def test_start_that_waits_does_not_start_a_server_that_was_suspended(server: Any, simulated: Any, alice: Any) -> None:
    vps = server(lock="backup")
    operation = operations.request(vps, "start", by=alice, source="page")
    advance_once(operation)
    sync.apply_one(sync.SyncCommand("update", {"status": "suspended"}, id=vps.pk))
    simulated.change(100, lock="")
    assert carry_out(operation).error_code == "vps_suspended"
    assert simulated.commands(100) == []


def test_start_does_not_start_a_server_that_is_suspended_while_its_guest_is_looked_at(
    server: Any, simulated: Any, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hypervisor may take its time to say how the guest is and who."""
    vps = server()
    operation = operations.request(vps, "start", by=alice, source="page")
    real = Proxmox.identity

    def suspended_meanwhile(self: Proxmox, ref: Any) -> str:
        sync.apply_one(sync.SyncCommand("update", {"status": "suspended"}, id=vps.pk))
        return real(self, ref)

    monkeypatch.setattr(Proxmox, "identity", suspended_meanwhile)
    assert carry_out(operation).error_code == "vps_suspended"
    assert simulated.commands(100) == []


def test_start_that_was_done_while_no_worker_was_there_is_seen_to_be_done(
    server: Any, simulated: Any, alice: Any
) -> None:
    operation = operations.request(server(), "start", by=alice, source="page")
    advance_once(operation)
    while simulated.guest(100)["power"] != "running":
        time.sleep(0.05)
    Operation.objects.update(deadline_at=timezone.now())
    later(seconds=1)
    assert carry_out(operation).state == "succeeded"


def test_start_that_nobody_claimed_in_time_is_not_the_hypervisors_fault(
    server: Any, simulated: Any, alice: Any
) -> None:
    operation = operations.request(server(), "start", by=alice, source="page")
    Operation.objects.update(deadline_at=timezone.now())
    assert carry_out(operation).error_code == "timed_out"
    assert simulated.commands(100) == []


# A guest that moves


def test_start_that_met_a_guest_on_the_move_is_sent_to_its_new_node(server: Any, simulated: Any, alice: Any) -> None:
    """The list has told of the new node already when the task on the old one fails."""
    vps = server()
    operation = operations.request(vps, "start", by=alice, source="page")
    simulated.change(100, node="pve2")
    upid = simulated.api("POST", "/nodes/pve1/qemu/100/status/start").json()["data"]
    now = timezone.now()
    Operation.objects.update(
        state="running", step="working", intent_at=now, sent_at=now, node="pve1", handle=upid, attempts=1
    )
    Placement.objects.update(node="pve2")
    assert carry_out(operation).state == "succeeded"
    assert simulated.guest(100)["power"] == "running"


def test_stop_of_a_container_that_moved_before_it_stops_it_where_it_is(
    server: Any, simulated: Any, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the old node it is said not to run, which is not true of it."""
    operation = operations.request(server("lxc", power="running"), "stop", by=alice, source="page")
    real = Proxmox.send

    def moved_first(self: Proxmox, *args: Any, **options: Any) -> str:
        simulated.change(100, node="pve2")
        return real(self, *args, **options)

    monkeypatch.setattr(Proxmox, "send", moved_first)
    assert carry_out(operation).state == "succeeded"
    assert simulated.guest(100)["power"] == "stopped"
    assert Placement.objects.get().node == "pve2"


# B16: the time in which a lost command may yet arrive, in figures. A host waits 30 s for another one (pveproxy), and what
# it has taken by then is carried out, whether anybody waits for it or not.


@pytest.mark.parametrize("seconds", [11, 31])
def test_find_lets_a_lost_command_arrive_for_38_seconds(server: Any, simulated: Any, alice: Any, seconds: int) -> None:
    """B16: `later` leaves some seconds for the step itself."""
    operation = operations.request(server(power="running"), "reboot", by=alice, source="page")
    simulated.answer("POST", ".*/status/reboot", 596, "Connection timed out")
    advance_once(operation)
    later(seconds=0)
    advance_once(operation)
    later(seconds=seconds)
    advance_once(operation)
    operation.refresh_from_db()
    assert (operation.step, operation.intent_at is not None, operation.attempts) == ("finding", True, 1)
    simulated.answer_truly()
    simulated.api("POST", "/nodes/pve1/qemu/100/status/reboot")
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["reboot"]


def test_find_gives_up_a_lost_command_after_39_seconds(server: Any, simulated: Any, alice: Any) -> None:
    """B16: it is sent again then."""
    operation = operations.request(server(power="running"), "reboot", by=alice, source="page")
    simulated.answer("POST", ".*/status/reboot", 596, "Connection timed out", times=1)
    advance_once(operation)
    later(seconds=0)
    advance_once(operation)

    def begins_again() -> bool:
        """At once, unless the hypervisor was slow just then."""
        later(seconds=39)
        advance_once(operation)
        operation.refresh_from_db()
        return (operation.step, operation.intent_at) == ("waiting", None)

    wait_for(begins_again)
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["reboot"]


def test_find_sends_nothing_again_while_the_way_is_slow(
    server: Any, simulated: Any, alice: Any, shorten: Shorten
) -> None:
    """B16: its worker died after the intent. Where other calls are held up a command is too, as long as a lost one."""
    operation = operations.request(server(power="running"), "reboot", by=alice, source="page")
    Operation.objects.update(state="running", step="sending", intent_at=timezone.now(), node="pve1", attempts=1)
    advance_once(operation)
    for quick_s, seconds in ((0, 60), (60, 31)):
        shorten(traits=replace(Proxmox.traits, quick_s=quick_s))
        later(seconds)
        advance_once(operation)
    operation.refresh_from_db()
    assert (operation.step, operation.intent_at is not None, operation.attempts) == ("finding", True, 1)
    simulated.api("POST", "/nodes/pve1/qemu/100/status/reboot")
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["reboot"]


def test_intend_sends_what_is_lost_five_times_and_no_more(
    server: Any, simulated: Any, alice: Any, shorten: Shorten
) -> None:
    shorten(traits=replace(Proxmox.traits, quick_s=60))
    operation = operations.request(server(power="running"), "reboot", by=alice, source="page")
    Operation.objects.update(deadline_at=timezone.now() + timedelta(hours=1))
    simulated.answer("POST", ".*/status/reboot", 596, "Connection timed out")
    steps_of_a_try = ("sent", "looked for", "given up")
    for _ in range(6 * len(steps_of_a_try)):
        advance_once(operation)
        later(seconds=60)
        for node in ClusterNode.objects.all():
            node.ask_at_once()
    operation.refresh_from_db()
    sent = [calls for path, calls in simulated.load()["by_path"].items() if path.endswith("/status/reboot")]
    assert (operation.error_code, operation.attempts, sent) == ("too_many_tries", 5, [5])


@pytest.mark.parametrize(("seconds", "state"), [(11, "running"), (31, "running"), (39, "succeeded")])
def test_force_stop_believes_a_guest_that_is_down_when_no_lost_start_can_arrive(
    server: Any, simulated: Any, alice: Any, seconds: int, state: str
) -> None:
    """B16: a start that was lost may come after the stop."""
    vps = server()
    starting = operations.request(vps, "start", by=alice, source="page")
    simulated.answer("POST", ".*/status/start", 596, "Connection timed out")
    advance_once(starting)
    forced = operations.request(vps, "force-stop", by=alice, source="page")
    later(seconds=seconds)
    advance_once(forced)
    forced.refresh_from_db()
    assert (forced.is_open, simulated.commands(100)) == (state == "running", [])
    simulated.answer_truly()
    if state == "running":
        simulated.api("POST", "/nodes/pve1/qemu/100/status/start")
        assert carry_out(forced).state == "succeeded"
        assert (simulated.commands(100), simulated.guest(100)["power"]) == (["start", "stop"], "stopped")


def test_traits_are_the_times_that_promises_hang_on() -> None:
    """B16: whoever changes one of these changes what is promised."""
    traits = Proxmox.traits
    assert (traits.stray_s, traits.orphan_s, traits.clock_skew_s, commands.UPTIME_GRAIN_S) == (38, 10, 60, 2)
