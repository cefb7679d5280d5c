"""`make run` itself: started, interrupted, killed, started again, and twice side by side."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from launcher.secrets_file import free_port
from tests.simulated import wait_for
from tests.stack.conftest import Panel, Run, open_folder

ORDER = {"user_id": 5, "name": "kept", "status": "running", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as opened:
        yield opened / "data"


@pytest.fixture
def killed_and_run_again(folder: Path) -> Iterator[Run]:
    """A panel to which a server was pushed before everything of it was killed, and that runs again."""
    first = Run(folder, free_port()).start()
    first.wait_until_up()
    Panel(first).sync("create", **ORDER)
    (folder / "passwords").write_text(repr([user["password"] for user in first.demo["users"]]))
    first.kill_everything()
    run = Run(folder, first.port).start()
    run.wait_until_up()
    yield run
    if run.process.poll() is None:
        run.interrupt()


def names(run: Run) -> list[str]:
    panel = Panel(run)
    return [vps["name"] for vps in requests.get(f"{panel.url}/api/vps", headers=panel.token("alice")).json()["vps"]]


def test_the_supervisor(killed_and_run_again: Run, folder: Path) -> None:
    run = killed_and_run_again
    assert "kept" in names(run), "a run after kill -9 of everything keeps the data"
    assert repr([user["password"] for user in run.demo["users"]]) == (folder / "passwords").read_text()

    twin = Run(folder, free_port()).start()
    assert twin.process.wait(10) == 1
    assert "already running" in twin.printed
    late = Run(folder.parent / "late", run.port).start()
    assert late.process.wait(10) == 1
    assert f"Port {run.port} is busy" in late.printed

    beside = Run(folder.parent / "beside", free_port()).start()
    beside.wait_until_up()
    assert "kept" not in names(beside), "two live side by side, each with its own data"
    os.kill(beside.pids("celery -A ospab_panel worker")[0], signal.SIGSTOP)
    os.kill(beside.process.pid, signal.SIGKILL)
    beside.process.wait()
    wait_for(lambda: beside.children == {}, 15, "the end of a killed supervisor's children, of one that hangs too")

    assert run.interrupt() == 0, "Ctrl-C"
    assert run.children == {}
