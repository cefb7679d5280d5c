"""A driver that does an operation in several commands: each is sent once, whoever dies or is not heard between them."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.seams import Shorten
from tests.simulated import Cluster as Simulated
from tests.simulated import wait_for
from tests.vps.conftest import advance_once, carry_out
from vps import drivers, operations
from vps.models import Cluster, Operation, Vps
from web import crash_points

DRIVERS = ["TwoPhases", "WithoutLog"]
KINDS = ["qemu", "lxc"]
ASKED = {"reboot": ["shutdown", "start"], "restart": ["stop", "start"]}

Driven = Callable[..., Vps]


class Killed(BaseException):
    """As kill -9: no `except Exception` on the way sees it."""


@pytest.fixture
def driven(server: Any, shorten: Shorten, monkeypatch: pytest.MonkeyPatch) -> Driven:
    """Alice's server, on a cluster with one of the drivers of two_phases.py."""
    shorten(soon_s=0.05, later_s=0.05, locked_s=0.05)

    def make(driver: str, kind: str = "qemu", **facts: Any) -> Vps:
        monkeypatch.setitem(drivers.DRIVERS, "test", f"tests.vps.operations.two_phases:{driver}")
        monkeypatch.setitem(drivers.TRAITS, "test", f"tests.vps.operations.two_phases:{driver}.traits")
        vps: Vps = server(kind, **{"power": "running", "started_at": time.time() - 3600} | facts)
        Cluster.objects.update(hypervisor="test")
        return vps

    return make


def asked(vps: Vps, verb: str) -> Operation:
    return operations.request(vps, verb, by=None, source="page")


def long_after(operation: Operation, simulated: Simulated) -> Operation:
    """Steps until it has ended, each so late that no command can be on its way any more."""
    for _ in range(60):
        wait_for(lambda: not any(task.is_running for task in list(simulated.simulator.world.tasks.all)))
        past = timezone.now() - timedelta(minutes=1)
        Operation.objects.filter(sent_at__isnull=False).update(sent_at=past)
        Operation.objects.update(due_at=past)
        advance_once(operation)
        operation.refresh_from_db()
        if not operation.is_open:
            break
        time.sleep(0.05)
    return operation


def step_until(operation: Operation, phase: int) -> None:
    """Steps until its command is the next to be sent."""

    def is_there() -> bool:
        operation.refresh_from_db()
        if operation.phase != phase:
            Operation.objects.update(due_at=timezone.now())
            advance_once(operation)
        return operation.phase == phase

    wait_for(is_there)


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ASKED)
def test_phases_follow_each_other_when_the_goal_of_each_is_seen(
    driven: Driven, simulated: Simulated, driver: str, kind: str, verb: str
) -> None:
    operation = carry_out(asked(driven(driver, kind), verb))
    assert (operation.state, operation.error_code, operation.phase) == ("succeeded", "", 1)
    assert simulated.commands(100) == ASKED[verb]
    assert Vps.objects.get().status == "running"


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("phase", [0, 1])
@pytest.mark.parametrize("point", ["after_intent", "after_send", "before_record", "after_record"])
def test_phases_act_once_where_a_worker_dies(
    driven: Driven,
    simulated: Simulated,
    monkeypatch: pytest.MonkeyPatch,
    driver: str,
    phase: int,
    point: str,
) -> None:
    operation = asked(driven(driver), "reboot")
    step_until(operation, phase)

    died_in: list[int] = []

    def die(at: str) -> None:
        if at == point:
            died_in.append(Operation.objects.get().phase)
            monkeypatch.setattr(crash_points, "listeners", [])
            if point == "after_send":
                wait_for(lambda: len(simulated.commands(100)) > phase)
            raise Killed

    monkeypatch.setattr(crash_points, "listeners", [die])
    with pytest.raises(Killed):
        long_after(operation, simulated)
    assert died_in == [phase]
    assert (long_after(operation, simulated).state, operation.phase) == ("succeeded", 1)
    assert simulated.commands(100) == ASKED["reboot"]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("phase", [0, 1])
def test_phases_act_once_where_an_answer_is_lost(driven: Driven, simulated: Simulated, driver: str, phase: int) -> None:
    operation = asked(driven(driver), "reboot")
    step_until(operation, phase)
    simulated.call("PATCH", "faults", {"lose_answers": 1})
    assert (long_after(operation, simulated).state, operation.phase) == ("succeeded", 1)
    assert simulated.commands(100) == ASKED["reboot"]


@pytest.mark.parametrize("driver", DRIVERS)
def test_phases_give_way_to_the_next_when_their_time_is_over(driven: Driven, simulated: Simulated, driver: str) -> None:
    operation = carry_out(asked(driven(driver, shutdown_seconds=60), "stop"))
    assert (operation.state, operation.phase) == ("succeeded", 1)
    assert simulated.commands(100) == ["shutdown", "stop"]


def test_phases_end_when_their_time_is_over_and_no_other_may_follow(driven: Driven, simulated: Simulated) -> None:
    operation = carry_out(asked(driven("Stubborn", shutdown_seconds=60), "reboot"))
    assert (operation.error_code, simulated.commands(100)) == ("guest_did_not_shut_down", ["shutdown"])


@pytest.mark.parametrize("driver", DRIVERS)
def test_phases_do_not_start_what_is_up_again_between_them(driven: Driven, simulated: Simulated, driver: str) -> None:
    operation = asked(driven(driver), "reboot")
    step_until(operation, 1)
    assert Vps.objects.get().status == "stopped", "its page says so meanwhile"
    simulated.change(100, power="running")
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["shutdown"]


@pytest.mark.parametrize("driver", DRIVERS)
def test_phases_say_at_a_deadline_between_them_that_the_guest_is_down(driven: Driven, driver: str) -> None:
    operation = asked(driven(driver), "reboot")
    step_until(operation, 1)
    Operation.objects.update(deadline_at=timezone.now(), due_at=timezone.now())
    advance_once(operation)
    operation.refresh_from_db()
    assert (operation.error_code, Vps.objects.get().status) == ("did_not_come_back", "stopped")


def test_phases_wait_for_a_lock_between_them(driven: Driven, simulated: Simulated) -> None:
    operation = asked(driven("TwoPhases"), "restart")
    step_until(operation, 1)
    simulated.change(100, lock="backup")
    for _ in range(3):
        Operation.objects.update(due_at=timezone.now())
        advance_once(operation)
    operation.refresh_from_db()
    assert (operation.step, simulated.commands(100)) == ("down", ["stop"])
    simulated.change(100, lock="")
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["stop", "start"]
