"""The whole stack as `make run` starts it, once for a worker of pytest, and the people of its demo."""

import asyncio
import contextlib
import inspect
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from launcher.children import ROOT
from launcher.secrets_file import free_port
from tests.clients.both import client_of, node
from tests.simulated import wait_for
from tests.stack.browser import browser, open_as, sessions

__all__ = ["browser", "client_of", "node", "open_as", "sessions"]

PUBLIC = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "STATIC_ROOT")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> bool | None:
    """Tests of sockets are coroutines: each gets a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


class Run:
    """One `python -m launcher`, in an environment that holds nothing of the tests'."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.log = folder.parent / f"{folder.name}.log"
        self.crashes = folder.parent / f"{folder.name}.crashes"

    def start(self) -> "Run":
        env = {name: os.environ[name] for name in PUBLIC if name in os.environ}
        self.crashes.mkdir(exist_ok=True)
        env |= {"DATA_DIR": str(self.folder), "PORT": str(self.port), "CRASH_POINTS": str(self.crashes)}
        with self.log.open("w") as log:
            command = [sys.executable, "-m", "launcher"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
        self.began = time.monotonic()
        return self

    def wait_until_up(self) -> float:
        """Seconds from the start until the last line is printed."""
        wait_for(lambda: "The panel is up" in self.printed or self.process.poll() is not None, 60, "the panel")
        assert self.process.poll() is None, self.printed
        return time.monotonic() - self.began

    @property
    def printed(self) -> str:
        return self.log.read_text()

    @property
    def demo(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.folder / "demo.json").read_text())
        return facts

    @property
    def children(self) -> dict[int, str]:
        """pid: command line, of every process that has to do with this folder."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                environment = (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if f"DATA_DIR={self.folder}\0".encode() in environment and command:
                found[int(entry.name)] = command
        return found

    def pids(self, word: str) -> list[int]:
        return [pid for pid, command in self.children.items() if word in command]

    @property
    def environment(self) -> dict[str, str]:
        """What the sweeper was started with: the panel's secrets and its servers' addresses."""
        pid = self.pids("manage.py sweeper")[0]
        pairs = Path(f"/proc/{pid}/environ").read_text().split("\0")
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)

    def server(self, name: str) -> int:
        """The launcher's own child of this program, or 0: servers write over what `children` reads."""
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                comm, _, rest = (entry / "stat").read_text().partition("(")[2].rpartition(")")
            except OSError:
                continue
            if comm == name and int(rest.split()[1]) == self.process.pid:
                return int(entry.name)
        return 0

    def interrupt(self, seconds: float = 20) -> int:
        """Ctrl-C, and the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(seconds)

    def kill_everything(self) -> None:
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()


class Panel:
    """The running panel as programs see it."""

    def __init__(self, run: Run) -> None:
        self.run, self.demo = run, run.demo
        self.url: str = self.demo["url"]

    def user(self, name: str) -> dict[str, Any]:
        return next(user for user in self.demo["users"] if user["username"] == name)

    def access(self, name: str) -> str:
        user = self.user(name)
        body = {"username": user["username"], "password": user["password"]}
        token: str = requests.post(f"{self.url}/api/auth/login", json=body).json()["access"]
        return token

    def token(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access(name)}"}

    def session(self, name: str) -> str:
        """The cookie of a browser in which this user has logged in."""
        browser = requests.Session()
        page = browser.get(f"{self.url}/login/").text
        csrf = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        form = {"csrfmiddlewaretoken": csrf, "username": name, "password": self.user(name)["password"]}
        browser.post(f"{self.url}/login/", data=form, headers={"Referer": self.url})
        return f"session={browser.cookies['session']}"

    def database(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.run.environment["DATABASE_URL"])

    def sync(self, action: str, **vps: Any) -> requests.Response:
        key = {"X-API-Key": self.demo["api_key"]}
        return requests.post(f"{self.url}/api/vps/sync", json={"action": action, "vps": vps}, headers=key)

    def login_link(self, name: str, **body: str) -> str:
        key = {"X-API-Key": self.demo["api_key"]}
        path = f"{self.url}/api/users/{self.user(name)['id']}/login-link"
        url: str = requests.post(path, json=body, headers=key, timeout=10).json()["url"]
        return url

    def simulator(self, method: str, path: str, body: Any = None) -> Any:
        key = {"Authorization": f"PVEAPIToken={self.demo['simulator']['token']}"}
        return requests.request(method, f"{self.demo['simulator']['url']}{path}", json=body, headers=key).json()

    def power_at_simulator(self, kind: str, vmid: int, node: str = "pve1") -> str:
        status = self.simulator("GET", f"/api2/json/nodes/{node}/{kind}/{vmid}/status/current")
        word: str = status["data"]["status"]
        return word

    def commands(self, vmid: int) -> list[str]:
        listed = self.simulator("GET", "/simulator/commands")
        return [command["verb"] for command in listed if command["vmid"] == vmid]


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can enter, as pytest's are not; without it root's data would go elsewhere."""
    with tempfile.TemporaryDirectory(prefix="ospab-stack-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextlib.contextmanager
def running_panel() -> Iterator[Panel]:
    with open_folder() as folder:
        run = Run(folder / "data", free_port()).start()
        run.wait_until_up()
        panel = Panel(run)
        panel.simulator("PATCH", "/simulator/faults", {"list_lag_seconds": 0})
        yield panel
        run.interrupt()


@pytest.fixture(scope="session")
def panel() -> Iterator[Panel]:
    with running_panel() as panel:
        yield panel
