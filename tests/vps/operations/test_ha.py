"""Highly available guests: what their manager wants is a part of their state, and what it has not heard is no proof (B18)."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from tests.seams import Shorten
from tests.simulated import Cluster as Simulated
from tests.vps.conftest import advance_once, carry_out
from vps import operations
from vps.guests import Kind
from vps.hypervisor.proxmox import read
from vps.hypervisor.proxmox.driver import Proxmox
from vps.models import Operation
from vps.operations.verbs import VERBS

QEMU, LXC = "qemu", "lxc"


@pytest.fixture(autouse=True)
def quick(quick_pauses: None, shorten: Shorten) -> None:
    shorten(shutdown_s=0, ha_queue_s=0.1, ha_round_s=0.3)


def asked(vps: Any, kind: str) -> Operation:
    return operations.request(vps, kind, by=None, source="page")


def tasks(simulated: Simulated) -> list[str]:
    return [task.type for task in simulated.simulator.world.tasks.all if task.user != "root@pam"]


@pytest.mark.parametrize("state", ["started", "request_start", "request_start_balance", "request_stop", "stopped", ""])
@pytest.mark.parametrize("kind", ["start", "stop"])
def test_is_seen_done_holds_what_the_manager_wants_against_what_was_asked(kind: str, state: str) -> None:
    """B18: what it is about to start is no more left down than what it has started."""
    verb = VERBS[kind]
    answer = {"status": str(verb.goal), "ha": {"managed": 1, "state": state}}
    look = read.look(answer, "pve1", Kind.VM, timezone.now())
    against = {"start": "stop", "stop": "start"}[kind]
    assert (look.held_to not in (None, verb.goal)) == (against in state)
    is_done = against not in state and state != "request_stop"
    assert verb.is_seen_done(Operation(kind=kind), look, is_new_run=None) == is_done


@pytest.mark.parametrize("verb", ["stop", "force-stop"])
def test_stop_reaches_the_manager_that_wants_a_stopped_guest_started(
    server: Any, simulated: Simulated, verb: str
) -> None:
    """B18: or else it starts the guest again, and nobody had told it not to."""
    operation = carry_out(asked(server(ha=True, ha_state="started"), verb))
    assert (operation.state, tasks(simulated)) == ("succeeded", ["hastop"])
    guest = simulated.guest(100)
    assert (guest["power"], guest["ha_state"]) == ("stopped", "stopped")


@pytest.mark.parametrize("state", ["stopped", "error"])
@pytest.mark.parametrize("kind", [QEMU, LXC])
def test_stop_of_what_the_manager_leaves_down_needs_no_command(
    server: Any, simulated: Simulated, kind: str, state: str
) -> None:
    """B18: what is down and stays down is stopped."""
    assert carry_out(asked(server(kind, ha=True, ha_state=state), "stop")).state == "succeeded"
    assert simulated.commands(100) == []


def test_force_stop_is_not_done_before_the_manager_wants_it_stopped(
    server: Any, simulated: Simulated, shorten: Shorten
) -> None:
    """B18: the guest goes down first, by itself even, and the manager says "started" still."""
    shorten(ha_queue_s=0, ha_round_s=60)
    vps = server(power="running", ha=True)
    operation = asked(vps, "force-stop")
    advance_once(operation)
    simulated.change(100, power="stopped")
    for _ in range(10):
        Operation.objects.update(due_at=timezone.now())
        advance_once(operation)
    operation.refresh_from_db()
    assert (operation.state, operation.step) == ("running", "confirming")
    simulated.change(100, ha_state="stopped")
    assert carry_out(operation).state == "succeeded"


def test_stop_is_sent_to_a_manager_that_does_not_run(server: Any, simulated: Simulated) -> None:
    """B18: its state is null; what it was told waits for it."""
    operation = carry_out(asked(server(ha=True, ha_state=None), "stop"))
    assert (operation.state, tasks(simulated)) == ("succeeded", ["hastop"])


@pytest.mark.parametrize("verb", ["stop", "force-stop"])
def test_stop_after_a_start_that_timed_out_reaches_the_manager(
    server: Any, simulated: Simulated, verb: str, shorten: Shorten
) -> None:
    """B18: it says "stopped" until its next round, in which it hears of the start."""
    shorten(ha_round_s=60)
    vps = server(ha=True, ha_state="stopped")
    starting = asked(vps, "start")
    advance_once(starting)
    Operation.objects.update(deadline_at=timezone.now(), due_at=timezone.now())
    advance_once(starting)
    starting.refresh_from_db()
    assert starting.error_code == "timed_out"
    stop = asked(vps, verb)
    advance_once(stop)
    stop.refresh_from_db()
    assert (stop.is_open, tasks(simulated)) == (True, ["hastart", "hastop"])


def test_force_stop_that_the_manager_passed_over_is_sent_again(
    server: Any, simulated: Simulated, shorten: Shorten
) -> None:
    """B18: it ignores one that comes before it has heard of a start, and starts the guest (pve-ha-manager 5.2)."""
    shorten(traits=replace(Proxmox.traits, acts_within_s=5))
    shorten(ha_round_s=3.0)
    vps = server(ha=True, ha_state="stopped")
    starting = asked(vps, "start")
    advance_once(starting)
    stop = carry_out(asked(vps, "force-stop"))
    assert stop.state == "succeeded"
    assert tasks(simulated) == ["hastart", "hastop", "hastop"]
    guest = simulated.guest(100)
    assert (guest["power"], guest["ha_state"]) == ("stopped", "stopped")


@pytest.mark.parametrize("state", ["request_stop", "stopped"])
def test_start_reaches_the_manager_that_is_about_to_stop_the_guest(
    server: Any, simulated: Simulated, state: str
) -> None:
    """B18: the guest runs still, and the command is sent all the same."""
    operation = carry_out(asked(server(power="running", ha=True, ha_state=state), "start"))
    assert (operation.state, tasks(simulated)) == ("succeeded", ["hastart"])
    assert simulated.guest(100)["ha_state"] == "started"


def test_stop_of_a_container_that_the_manager_starts_yet_stops_it_then(server: Any, simulated: Simulated) -> None:
    """B18: of a container that is down the hypervisor takes no stop, not even for its manager."""
    operation = asked(server(LXC, ha=True, ha_state="started"), "stop")
    for _ in range(8):
        Operation.objects.update(due_at=timezone.now())
        advance_once(operation)
    operation.refresh_from_db()
    assert (operation.is_open, operation.attempts) == (True, 0)
    simulated.change(100, power="running")
    assert carry_out(operation).state == "succeeded"
    assert simulated.guest(100)["ha_state"] == "stopped"


def test_stop_keeps_a_locked_guest_down(server: Any, simulated: Simulated) -> None:
    """B18: the manager minds no lock."""
    assert carry_out(asked(server(ha=True, lock="backup"), "stop")).state == "succeeded"
    assert tasks(simulated) == ["hastop"]
