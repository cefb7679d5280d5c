"""The shorter form of `make chaos`: workers die at every step, and all that they stand on breaks meanwhile.

And `make chaos` itself: it tells of what did not come about, and whatever ends it ends all that it started.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from launcher.children import ROOT
from tests.chaos.__main__ import is_right, meet
from tests.chaos.faults import Fault, killed, untroubled
from tests.chaos.field import Field
from tests.simulated import wait_for
from tests.stack.conftest import open_folder
from web.crash_points import POINTS


@pytest.fixture
def field(panel: Any) -> Any:
    made = Field(panel)
    yield made
    made.clean_up()


def test_operation_is_sent_once_though_workers_die_at_every_step_and_all_else_breaks_too(field: Field) -> None:
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
        field.wait(asked)
    assert [(one.state, one.commands) for one in asked] == [("succeeded", 1)] * len(asked)
    assert field.all_fired(10), "a worker died at each of the points"


def test_operation_is_accepted_at_once_and_succeeds_though_redis_is_dead(field: Field) -> None:
    with field.unattended():
        field.kill(field.server("valkey-server"), signal.SIGKILL)
        asked = field.wait(field.ask(3))
    field.server("valkey-server")
    assert [(one.state, one.commands) for one in asked] == [("succeeded", 1)] * 3


def test_chaos_shows_a_fault_that_cannot_be_staged_in_its_row_and_meets_the_others(field: Field) -> None:
    """G7"""
    nobody_comes = Fault("nobody comes", partial(killed, "a point on nobody's way", "kill", within_s=0.1), 1, 1)
    first, second = (meet(field, fault) for fault in (nobody_comes, Fault("none", untroubled, 1, 1)))
    assert first.row[3] == f"not staged: {first.missed}"
    assert first.missed == "1 of 1 times nobody came to a point on nobody's way"
    assert (second.row[3], second.wrong, second.missed) == ("succeeded", [], "")


def test_chaos_counts_a_click_that_is_refused_as_wrong_and_goes_on(field: Field) -> None:
    """G7"""
    (refused,) = field.wait([field.click(10**9, 1999, "start")])
    assert (refused.state, refused.code) == ("refused", "vps_not_found")
    assert not is_right(refused, Fault("none", untroubled), slow=1.0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("is_unattended", [False, True])
def test_chaos_ends_its_stack_whatever_ends_it(number: signal.Signals, is_unattended: bool) -> None:
    """G7. Also where it has stopped the launcher, which then hears of nothing."""
    with open_folder() as folder:
        chaos = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos", "--only", "none"],
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda: any("postgres" in name for name in living_in(folder).values()), 20, "its database")
        if is_unattended:
            launcher = next(pid for pid, command in living_in(folder).items() if "-m launcher " in command)
            os.kill(launcher, signal.SIGSTOP)
        chaos.send_signal(number)
        wait_for(lambda: chaos.poll() is not None, 20, "its end")
        wait_for(lambda: living_in(folder) == {}, 20, "the end of all that it started")


def living_in(folder: Path) -> dict[int, str]:
    """pid: command line, of all that were told of this folder or work in it."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment, command = (
                (entry / "environ").read_bytes(),
                (entry / "cmdline").read_bytes().decode(errors="replace"),
            )
            where = str((entry / "cwd").readlink())
            if f"DATA_DIR={folder}/".encode() in environment or where.startswith(str(folder)):
                found[int(entry.name)] = command.replace("\0", " ")
    return found
