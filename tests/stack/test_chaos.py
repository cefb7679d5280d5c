"""The shorter form of `make chaos`: workers die at every step, and all that they stand on breaks meanwhile."""

import signal
import time
from typing import Any

import pytest

from tests.chaos.field import Field
from vps.crash_points import POINTS


@pytest.fixture
def field(panel: Any) -> Any:
    made = Field(panel)
    yield made
    made.disarm()


def test_each_command_is_sent_once_though_workers_die_at_every_step_and_all_else_breaks_too(field: Field) -> None:
    for point in POINTS:
        field.arm(point, "kill")
    with field.another("manage.py", "sweeper"):
        asked = field.ask(len(POINTS))
        field.redis().flushall()
        field.ring(10)
        field.panel.simulator("PATCH", "/simulator/faults", {"lose_answers": 1})
        asked += field.ask(2)
        time.sleep(3)
        field.kill(field.server("postgres"), signal.SIGINT)
        field.wait(asked, 90)
    assert [(one.state, one.commands) for one in asked] == [("succeeded", 1)] * len(asked)
    assert field.disarm() == 0, "a worker died at each of the points"


def test_a_click_is_taken_at_once_and_its_work_is_done_though_redis_is_dead(field: Field) -> None:
    with field.unattended():
        field.kill(field.server("valkey-server"), signal.SIGKILL)
        asked = field.wait(field.ask(3), 60)
    field.server("valkey-server")
    assert [(one.state, one.commands) for one in asked] == [("succeeded", 1)] * 3
