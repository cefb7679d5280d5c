"""Power operations, from the request to the end, against a simulated cluster over real HTTPS."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.verbs import CYCLES, power_before
from tests.vps.conftest import advance_once, carry_out
from vps import operations
from vps.hypervisor.base import Refusal
from vps.models import Cluster, ClusterNode, Event, Operation, Placement, Vps
from vps.operations.verbs import VERBS
from vps.services import binding

KINDS = ["qemu", "lxc"]


@pytest.fixture(autouse=True)
def quick(quick_pauses: None) -> None:
    """All of these take many steps, one after another."""


@pytest.mark.parametrize("kind", KINDS)
def test_start_ends_when_the_guest_was_seen_running(server: Any, simulated: Any, do: Any, kind: str) -> None:
    vps = server(kind)
    operation = do(vps, "start")
    assert (operation.state, operation.progress, operation.error_code) == ("succeeded", 100, "")
    assert simulated.guest(100)["power"] == "running"
    assert simulated.commands(100) == ["start"]
    vps.refresh_from_db()
    assert vps.status == "running"
    types = list(Event.objects.order_by("id").values_list("type", flat=True))
    assert types == ["operation.queued", "operation.succeeded", "vps.status_changed"]


@pytest.mark.parametrize("kind", KINDS)
def test_stop_shuts_the_guests_system_down(server: Any, simulated: Any, do: Any, kind: str) -> None:
    vps = server(kind, power="running")
    assert do(vps, "stop").state == "succeeded"
    assert simulated.commands(100) == ["shutdown"]
    vps.refresh_from_db()
    assert vps.status == "stopped"


@pytest.mark.parametrize(("kind", "verb"), [("qemu", "reset"), ("lxc", "reboot")])
def test_restart_is_one_hard_command_for_either_kind(
    server: Any, simulated: Any, do: Any, kind: str, verb: str
) -> None:
    assert do(server(kind, power="running", ignores_acpi=True), "restart").state == "succeeded"
    assert simulated.commands(100) == [verb]
    assert simulated.guest(100)["power"] == "running"


@pytest.mark.parametrize("kind", KINDS)
def test_reboot_is_done_when_the_guest_runs_anew(server: Any, simulated: Any, do: Any, kind: str) -> None:
    """A virtual machine's task says OK when it is down: the start is another task, and is waited for."""
    vps = server(kind, power="running", start_seconds=1.0)
    before = simulated.guest(100)["started_at"]
    assert do(vps, "reboot").state == "succeeded"
    assert simulated.guest(100)["power"] == "running"
    assert simulated.guest(100)["started_at"] > before
    assert simulated.commands(100) == ["reboot"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("power_now", "asked"), [("running", "start"), ("stopped", "stop")])
def test_start_or_stop_of_what_is_so_already_succeeds_without_a_command(
    server: Any, simulated: Any, do: Any, kind: str, power_now: str, asked: str
) -> None:
    assert do(server(kind, power=power_now), asked).state == "succeeded"
    assert simulated.commands(100) == []


@pytest.mark.parametrize("asked", CYCLES)
@pytest.mark.parametrize("kind", KINDS)
def test_reboot_of_a_stopped_server_is_refused(server: Any, simulated: Any, do: Any, kind: str, asked: str) -> None:
    operation = do(server(kind), asked)
    assert (operation.state, operation.error_code) == ("failed", "vps_not_running")
    assert simulated.commands(100) == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("stop", "guest_did_not_shut_down"),
        ("reboot", "guest_did_not_shut_down"),
        ("start", "hypervisor_refused"),
        ("restart", "hypervisor_refused"),
        ("force-stop", "hypervisor_refused"),
    ],
)
def test_code_of_a_time_that_ran_out_blames_the_guest_only_where_it_was_asked_to_go_down(asked: str, code: str) -> None:
    assert VERBS[asked].code_of(Refusal.TIMED_OUT) == code


def test_start_waits_for_a_locked_server(server: Any, simulated: Any, alice: Any) -> None:
    operation = operations.request(server(lock="backup"), "start", by=alice, source="page")
    advance_once(operation)
    operation.refresh_from_db()
    assert (operation.state, operation.step) == ("running", "locked")
    assert simulated.commands(100) == []
    simulated.change(100, lock="")
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["start"]


def test_start_of_a_server_that_is_locked_for_too_long_says_that_it_is_busy(server: Any, alice: Any) -> None:
    operation = operations.request(server(lock="backup"), "start", by=alice, source="page")
    advance_once(operation)
    Operation.objects.update(deadline_at=timezone.now(), due_at=timezone.now())
    assert carry_out(operation).error_code == "vps_busy"


@pytest.mark.parametrize("asked", VERBS)
@pytest.mark.parametrize("kind", KINDS)
def test_find_adopts_the_command_whose_answer_was_lost_and_sends_none_twice(
    server: Any, simulated: Any, do: Any, kind: str, asked: str
) -> None:
    """The command acts and its answer never comes: the task is found in the node's list, and adopted."""
    vps = server(kind, power=power_before(asked))
    simulated.call("PATCH", "faults", {"lose_answers": 1})
    operation = do(vps, asked)
    assert operation.state == "succeeded"
    assert operation.handle
    assert len(simulated.commands(100)) == 1


def test_start_asks_a_node_that_could_not_be_reached_again(server: Any, simulated: Any, alice: Any) -> None:
    vps = server()
    simulated.call("PATCH", "nodes/pve1", {"up": False})
    operation = operations.request(vps, "start", by=alice, source="page")
    advance_once(operation)
    operation.refresh_from_db()
    assert operation.is_open
    assert "595" in operation.error_detail
    simulated.call("PATCH", "nodes/pve1", {"up": True})
    ClusterNode.objects.get().ask_at_once()
    binding.identify(vps.placement.pk)
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["start"]


def test_start_follows_a_guest_that_moved(server: Any, simulated: Any, do: Any) -> None:
    vps = server()
    simulated.change(100, node="pve2")
    assert do(vps, "start").state == "succeeded"
    assert Placement.objects.get(vps=vps).node == "pve2"


def test_start_of_a_guest_that_is_gone_fails_and_deletes_nothing(server: Any, simulated: Any, do: Any) -> None:
    vps = server()
    simulated.call("DELETE", "guests/100")
    assert do(vps, "start").error_code == "vps_missing"
    assert Vps.objects.filter(pk=vps.pk).exists()


def test_reboot_does_not_touch_another_guest_under_the_same_vmid(server: Any, simulated: Any, do: Any) -> None:
    vps = server(power="running")
    do(vps, "start")
    simulated.change(100, uuid="bbbbbbbb-0000-0000-0000-000000000000")
    operation = do(vps, "reboot")
    assert (operation.state, operation.error_code) == ("failed", "identity_mismatch")
    assert simulated.commands(100) == []


def test_advance_that_comes_early_late_or_twice_changes_nothing(server: Any, simulated: Any, alice: Any) -> None:
    operation = operations.request(server(), "start", by=alice, source="page")
    assert advance_once(operation) is not None
    Operation.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    assert advance_once(operation) is None, "the next step is not due yet"
    stale = Operation.objects.get(pk=operation.pk)
    Operation.objects.update(due_at=timezone.now())
    assert Operation.objects.claim(operation.pk).fence == stale.fence + 1
    assert not stale.write(step="done"), "an older fence writes nothing"
    assert carry_out(operation).state == "succeeded"
    assert advance_once(operation) is None
    assert simulated.commands(100) == ["start"]


def test_operation_that_is_a_second_open_one_is_refused_by_the_database(server: Any, alice: Any) -> None:
    from django.db import IntegrityError

    vps = server()
    operations.request(vps, "start", by=alice, source="page")
    with pytest.raises(IntegrityError, match="one_open_operation_a_vps"):
        Operation.objects.create(vps=vps, kind="stop", source="page", deadline_at=timezone.now())


def test_overdue_finds_what_no_bell_rang_for(server: Any, alice: Any, real_cluster: Cluster) -> None:
    operation = operations.request(server(), "start", by=alice, source="page")
    assert operations.overdue() == operations.Sweep()
    Operation.objects.update(due_at=timezone.now() - timedelta(seconds=6))
    assert operations.overdue() == operations.Sweep(work={real_cluster.pk})
    Operation.objects.filter(pk=operation.pk).update(step="working", node="pve1")
    assert operations.overdue() == operations.Sweep(watch={(real_cluster.pk, "pve1")})
