"""`make run` itself: started, interrupted, killed, started again, and twice side by side."""

from pathlib import Path

import pytest
import requests

from launcher.secrets_file import free_port
from tests.simulated import wait_for
from tests.stack.conftest import Panel, Run

pytestmark = pytest.mark.xdist_group("stack")
ORDER = {"user_id": 5, "name": "kept", "status": "running", "cpu": 1, "ram": 512, "disk": 5, "os": "Debian 12"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    tmp_path.chmod(0o755)
    return tmp_path / "data"


def names(panel: Panel) -> list[str]:
    return [vps["name"] for vps in requests.get(f"{panel.url}/api/vps", headers=panel.token("alice")).json()["vps"]]


def test_a_run_after_kill_9_of_everything_keeps_the_data_and_ctrl_c_leaves_nothing(folder: Path) -> None:
    first = Run(folder, free_port()).start()
    first.wait_until_up()
    passwords = [user["password"] for user in first.demo["users"]]
    Panel(first).sync("create", **ORDER)
    first.kill_everything()
    second = Run(folder, first.port).start()
    second.wait_until_up()
    assert "kept" in names(Panel(second))
    assert [user["password"] for user in second.demo["users"]] == passwords
    other = Run(folder, free_port()).start()
    assert other.process.wait(10) == 1
    assert "already running" in other.printed
    assert second.interrupt() == 0
    assert second.children == {}


def test_two_live_side_by_side_and_a_busy_port_is_said_to_be_busy(folder: Path, panel: Panel) -> None:
    own = Run(folder, free_port()).start()
    own.wait_until_up()
    Panel(own).sync("create", **ORDER)
    assert "kept" in names(Panel(own))
    assert "kept" not in names(panel)
    late = Run(folder.parent / "late", panel.run.port).start()
    assert late.process.wait(10) == 1
    assert f"Port {panel.run.port} is busy" in late.printed
    own.process.kill()
    own.process.wait()
    wait_for(lambda: own.children == {}, 15, "the end of the children of a killed supervisor")
