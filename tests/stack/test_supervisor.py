"""`make run` itself: started, interrupted, killed, started again, and twice side by side."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import requests

from launcher.secrets_file import free_port
from tests.simulated import wait_for
from tests.stack.conftest import Panel, Run, open_folder

ORDER = {"user_id": 5, "name": "kept", "status": "running", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}


Make = Callable[[str, int], Run]


@pytest.fixture
def run_in() -> Iterator[Make]:
    """A panel of its own in the folder of this name; all of them end with the test."""
    with open_folder() as folder, ExitStack() as ends:

        def make(name: str, port: int) -> Run:
            run = Run(folder / name, port)
            ends.callback(run.end)
            return run

        yield make


@pytest.fixture
def killed_and_run_again(run_in: Make) -> Run:
    """A panel to which a server was pushed before everything of it was killed, and that runs again."""
    first = run_in("data", free_port()).start_up()
    Panel(first).sync("create", **ORDER)
    (first.folder / "passwords").write_text(passwords(first))
    first.kill_everything()
    return run_in("data", first.port).start_up()


def passwords(run: Run) -> str:
    return repr([user["password"] for user in run.demo["users"]])


def names(panel: Panel) -> list[str]:
    return [vps["name"] for vps in requests.get(f"{panel.url}/api/vps", headers=panel.token("alice")).json()["vps"]]


def test_launcher_keeps_its_data_runs_once_a_folder_and_leaves_no_child(
    killed_and_run_again: Run, run_in: Make, panel: Panel
) -> None:
    """That Ctrl-C ends all of it with 0 is seen of every panel of the tests."""
    run = killed_and_run_again
    assert "kept" in names(Panel(run)), "a run after kill -9 of everything keeps the data"
    assert passwords(run) == (run.folder / "passwords").read_text()
    assert "kept" not in names(panel), "two live side by side, each with its own data"

    twin = run_in("data", free_port()).start()
    assert twin.process.wait(60) == 1
    assert "already running" in twin.printed
    late = run_in("late", run.port).start()
    assert late.process.wait(60) == 1
    assert f"Port {run.port} is busy" in late.printed

    os.kill(run.pids("celery -A ospab_panel worker")[0], signal.SIGSTOP)
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
    wait_for(lambda: run.children == {}, 15, "the end of a killed supervisor's children, of one that hangs too")
