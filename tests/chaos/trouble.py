"""What a field is broken with: shots at points of an operation's way, signals, and processes that look away or come along."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis
import requests
from celery import Celery

from launcher.children import ROOT, wait_until
from tests.simulated import PATIENCE
from tests.stack.conftest import Panel


class NotStaged(Exception):
    """The trouble did not come about, so what was seen says nothing of it. In a few words, for the fault's row."""


class Trouble:
    """One running panel, and whoever wants to break it."""

    def __init__(self, panel: Panel) -> None:
        self.panel, self.run = panel, panel.run
        self.crashes = self.run.crashes

    def arm(self, point: str, order: str, times: int = 1) -> None:
        """Whoever reaches this point of an operation's way obeys, so often."""
        for _ in range(times):
            fresh = self.crashes / f"new-{uuid.uuid4()}"
            fresh.write_text(order)
            fresh.rename(self.crashes / f"{point}.{uuid.uuid4()}")

    def shots(self) -> list[Path]:
        """Those that were not fired yet."""
        return list(self.crashes.glob("*.*"))

    def all_fired(self, seconds: float) -> bool:
        return wait_until(lambda: not self.shots(), seconds * PATIENCE)

    def disarm(self) -> int:
        """Returns how many shots were not fired."""
        left = self.shots()
        for shot in left:
            shot.unlink(missing_ok=True)
        return len(left)

    def send_signal(self, word: str, number: signal.Signals) -> None:
        """To every process of the panel whose command line has this in it."""
        for pid in self.run.pids(word):
            self.kill(pid, number)

    def server(self, name: str) -> int:
        """PostgreSQL or Valkey, which may be just coming back from the fault before."""
        if not wait_until(lambda: bool(self.run.server(name)), 30 * PATIENCE):
            raise NotStaged(f"{name} has not come back")
        return self.run.server(name)

    def kill(self, pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    def stopped(self) -> list[int]:
        """The processes that somebody has stopped."""
        return [pid for pid in self.run.children if state_of(pid) == "T"]

    def go_on(self) -> None:
        for pid in self.stopped():
            self.kill(pid, signal.SIGCONT)

    def clean_up(self) -> None:
        """After whatever ended a scene: nothing is armed or stopped, the simulator is well, and the panel can work."""
        self.disarm()
        self.kill(self.run.process.pid, signal.SIGCONT)
        for name in ("postgres", "valkey-server"):
            self.kill(self.server(name), signal.SIGCONT)
        self.go_on()
        self.panel.simulator("PATCH", "/simulator/faults", {"lose_answers": 0})
        if not wait_until(self.is_ready, 60 * PATIENCE, 0.2):
            raise NotStaged("the panel is not ready again after the fault before")

    def is_ready(self) -> bool:
        with suppress(requests.RequestException):
            return bool(requests.get(f"{self.panel.url}/readyz", timeout=10).status_code == 200)
        return False

    @contextmanager
    def unattended(self) -> Iterator[None]:
        """The launcher, which starts again whatever dies, looks away."""
        self.kill(self.run.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            self.kill(self.run.process.pid, signal.SIGCONT)

    @contextmanager
    def another(self, *command: str) -> Iterator[None]:
        """One more process of the panel."""
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        child = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=self.run.environment, **quiet)
        try:
            yield
        finally:
            child.terminate()
            child.wait(20 * PATIENCE)

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.run.environment["REDIS_URL"])

    def ring(self, times: int) -> None:
        """Every bell that can be rung, so often. By an app that is no other test's."""
        broker = self.run.environment["REDIS_URL"].replace("unix://", "redis+socket://")
        with Celery(broker=broker, set_as_current=False) as app:
            for _ in range(times):
                app.send_task("vps.work", args=[1])
                for node in ("pve1", "pve2"):
                    app.send_task("vps.watch", args=[1, node])


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
