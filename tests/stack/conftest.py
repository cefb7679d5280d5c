"""The whole stack as `make run` starts it, once for a worker of pytest, and the people of its demo."""

import asyncio
import contextlib
import fcntl
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

from launcher.children import ROOT, Child, last_lines
from launcher.reaper import Reaper
from launcher.secrets_file import free_port
from tests.clients.both import client_of, node
from tests.simulated import PATIENCE, wait_for
from tests.stack.browser import browser, change_guest, open_as, sessions

__all__ = ["browser", "change_guest", "client_of", "node", "open_as", "sessions"]

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
    """One `python -m launcher`, in an environment that holds nothing of the tests'.

    It ends when we do, however: the kernel asks it to, and the reaper insists where somebody has stopped it.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.log = folder.parent / f"{folder.name}.log"
        self.crashes = folder.parent / f"{folder.name}.crashes"
        env = {name: os.environ[name] for name in PUBLIC if name in os.environ}
        env |= {"DATA_DIR": str(self.folder), "PORT": str(self.port), "CRASH_POINTS": str(self.crashes)}
        command, patience_s = [sys.executable, "-m", "launcher"], 20.0 * PATIENCE
        self.child = Child("launcher", command, self.log, env, signal.SIGINT, patience_s, cwd=ROOT)
        self.reaper = Reaper()
        self.is_over = False

    def start(self) -> "Run":
        self.crashes.mkdir(exist_ok=True)
        self.log.unlink(missing_ok=True)
        self.child.start()
        self.reaper.watch([self.child])
        return self

    def start_up(self) -> "Run":
        """Returns when the last line is printed. A few at a time start, for each start takes all that there is."""
        with slot_to_start():
            self.start()
            wait_for(lambda: self.is_up or not self.child.is_running, 60, "the panel", self.report)
        if not self.is_up:
            pytest.fail(f"The panel ended before it was up.\n{self.report()}")
        return self

    @property
    def is_up(self) -> bool:
        return self.log.exists() and "The panel is up" in self.printed

    def report(self) -> str:
        """The launcher's lines, and the last ones of each of its programs."""
        logs = [self.log, *sorted((self.folder / "log").glob("*.log"))]
        return "\n".join(f"{log.name}:\n{last_lines(log)}" for log in logs)

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self.child.process, "it was started"
        return self.child.process

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

    def pids(self, text: str) -> list[int]:
        return [pid for pid, command in self.children.items() if text in command]

    @property
    def web_processes(self) -> list[int]:
        """Those that serve, and not the one that has forked them."""
        return [pid for pid in self.pids("ospab_panel.server") if os.getpgid(pid) != pid]

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

    def end(self) -> int | None:
        """Ctrl-C, and the exit code. One that somebody has stopped goes on first, and by force where it does not end.

        Once: its number is soon somebody else's, who would be ended in its place.
        """
        if not self.is_over:
            if self.child.is_running:
                self.process.send_signal(signal.SIGCONT)
            self.child.stop()
            self.reaper.dismiss()
            self.is_over = True
        return self.child.process and self.child.process.returncode

    def kill_everything(self) -> None:
        for pid in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.end()


class Panel:
    """The running panel as programs see it."""

    def __init__(self, run: Run) -> None:
        self.run, self.demo = run, run.demo
        self.url: str = self.demo["url"]
        self.tokens: dict[str, tuple[float, str]] = {}

    def user(self, name: str) -> dict[str, Any]:
        return next(user for user in self.demo["users"] if user["username"] == name)

    def access(self, name: str) -> str:
        """Of a login within the last minute, for each costs a third of a second of a processor by design."""
        made, token = self.tokens.get(name, (0.0, ""))
        if time.monotonic() - made > 60:
            token = self.log_in(name)
            self.tokens[name] = time.monotonic(), token
        return token

    def log_in(self, name: str) -> str:
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
        url: str = requests.post(path, json=body, headers=key, timeout=100).json()["url"]
        return url

    def simulator(self, method: str, path: str, body: Any = None) -> Any:
        key = {"Authorization": f"PVEAPIToken={self.demo['simulator']['token']}"}
        return requests.request(method, f"{self.demo['simulator']['url']}{path}", json=body, headers=key).json()

    def power_at_simulator(self, kind: str, vmid: int, node: str = "pve1") -> str:
        status = self.simulator("GET", f"/api2/json/nodes/{node}/{kind}/{vmid}/status/current")
        text: str = status["data"]["status"]
        return text

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
def slot_to_start() -> Iterator[None]:
    """For one at a time on a small machine: a start keeps a processor busy for ten seconds, and two cores are one place."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    slot = worker % max(1, (os.cpu_count() or 1) // 2)
    folder = Path(os.environ.get("STATIC_ROOT", tempfile.gettempdir())).parent
    with (folder / f"ospab-starts-{slot}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def running_panel() -> Iterator[Panel]:
    """Whatever ends us ends the panel: by Ctrl-C if there is time for it."""
    with open_folder() as folder:
        run = Run(folder / "data", free_port())
        try:
            run.start_up()
            panel = Panel(run)
            panel.simulator("PATCH", "/simulator/faults", {"list_lag_seconds": 0})
            yield panel
        finally:
            code = run.end()
        assert (code, run.children) == (0, {}), run.report()


@pytest.fixture(scope="package")
def panel() -> Iterator[Panel]:
    """It ends with the last test that needs it, for it costs something though nobody uses it."""
    with running_panel() as panel:
        yield panel
