"""What the panel consists of, in the order of starting. `python -m launcher` and the tests use it."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from launcher.certificate import certificate
from launcher.children import ROOT, Child, wait_until
from launcher.postgres import CannotStart, Postgres
from launcher.reaper import PATIENCE_S, Reaper
from launcher.secrets_file import demo_secrets, is_free, kept_ports
from launcher.valkey import Valkey

# What ends on the way is reported at once. This is for what hangs, and a busy machine takes minutes without hanging.
READY_S = 300
# The kernel asks what a killed run leaves behind to end, and that takes a moment.
LEAVING_S = PATIENCE_S + 1


class Stack:
    """PostgreSQL, Valkey, a simulated cluster, the panel's worker, sweeper, beat and web, their data under one folder.

    A database or Redis that the environment names is used as it is.
    """

    def __init__(self, folder: Path, port: int, *, is_throwaway: bool = False) -> None:
        self.folder, self.port = folder.resolve(), port
        self.folder.mkdir(parents=True, exist_ok=True)
        self.logs = self.folder / "log"
        self.is_throwaway = is_throwaway
        self.children: list[Child] = []
        self.servers: list[Postgres | Valkey] = []
        self.reaper = Reaper()
        self.env = dict(os.environ)
        self.lock: TextIO | None = None

    def start(self) -> None:
        """Returns once the panel answers. Raises CannotStart, with everything stopped again."""
        self.lock_folder()
        try:
            self.start_servers()
            self.start_panel()
        except BaseException:
            self.stop()
            raise

    def lock_folder(self) -> None:
        self.lock = (self.folder / "lock").open("a+")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.lock.seek(0)
            raise CannotStart(f"The panel is already running on {self.folder} (process {self.lock.read()}).") from None
        self.lock.truncate(0)
        self.lock.write(str(os.getpid()))
        self.lock.flush()
        if not wait_until(lambda: is_free(self.port), LEAVING_S):
            raise CannotStart(f"Port {self.port} is busy: choose another by PORT=.")

    def start_servers(self) -> None:
        if not self.env.get("DATABASE_URL"):
            postgres = Postgres(self.folder, self.logs / "postgresql.log", self.env, is_throwaway=self.is_throwaway)
            self.add_server(postgres)
            self.env["DATABASE_URL"] = postgres.url
        if not self.env.get("REDIS_URL"):
            valkey = Valkey(self.logs / "valkey.log", self.env)
            self.add_server(valkey)
            self.env["REDIS_URL"] = valkey.url

    def add_server(self, server: Postgres | Valkey) -> None:
        self.servers.append(server)
        server.start()
        self.watch(server.child)

    def start_panel(self) -> None:
        self.env |= demo_secrets(self.folder) | {"DEMO": "1", "PANEL_URL": f"http://localhost:{self.port}"}
        self.env |= {"DATA_DIR": str(self.folder), "PYTHONUNBUFFERED": "1"}
        self.start_simulator()
        self.prepare()
        web, *others = self.programs()
        self.launch_program(*web)
        if not wait_until(self.answers, READY_S, 0.05):
            raise CannotStart(f"The panel did not answer:\n{self.children[-1].last_lines()}")
        for other in others:
            self.launch_program(*other)

    def start_simulator(self) -> None:
        pem, key, fingerprint = certificate(self.folder)
        ports = kept_ports(self.folder, ("simulator", "simulator_tls"))
        self.env |= {
            "SIMULATOR_URL": f"http://127.0.0.1:{ports['simulator']}",
            "SIMULATOR_TLS": f"127.0.0.1:{ports['simulator_tls']}",
            "SIMULATOR_FINGERPRINT": fingerprint,
        }
        listen = ["--port", str(ports["simulator"]), "--tls-port", str(ports["simulator_tls"])]
        tls = ["--cert", str(pem), "--key", str(key)]
        state = ["--state", str(self.folder / "simulator.json"), "--log", str(self.logs / "simulator-calls.jsonl")]
        self.launch("simulator", python("-m", "simulator", *state, *listen, *tls))

    def prepare(self) -> None:
        command = python("manage.py", "prepare")
        done = subprocess.run(command, cwd=ROOT, env=self.env | {"DB_POOL": "0"}, text=True, capture_output=True)
        if done.returncode:
            raise CannotStart(f"The panel could not be prepared:\n{done.stdout}{done.stderr}")

    def programs(self) -> list[tuple[str, list[str], str]]:
        """(name, command, size of its pool of database connections: Celery opens its own). The web comes first, for somebody
        waits for it: together they would all start as slowly as the last."""
        celery = ("-m", "celery", "-A", "ospab_panel")
        quiet = ("--without-gossip", "--without-mingle", "--loglevel", "INFO")
        schedule = ("--schedule", str(self.folder / "beat"), "--pidfile", "")
        web = (
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--workers",
            "2",
            "--lifespan",
            "on",
            "--ws-max-size",
            "131072",
            "--no-proxy-headers",
            "--timeout-graceful-shutdown",
            "4",
            "--http",
            "ospab_panel.http_protocol:JsonHttpProtocol",
        )
        return [
            ("web", python("-m", "uvicorn", "ospab_panel.asgi:application", *web, "--log-level", "warning"), "8"),
            ("worker", python(*celery, "worker", "--concurrency", "8", *quiet), "0"),
            ("sweeper", python("manage.py", "sweeper"), "0"),
            ("beat", python(*celery, "beat", *schedule, "--loglevel", "WARNING"), "0"),
        ]

    def launch_program(self, name: str, command: list[str], pool: str) -> None:
        self.launch(name, command, {"DB_POOL": pool})

    def launch(self, name: str, command: list[str], more_env: dict[str, str] | None = None) -> None:
        child = Child(name, command, self.logs / f"{name}.log", self.env | (more_env or {}), cwd=ROOT)
        child.start()
        self.watch(child)

    def watch(self, child: Child) -> None:
        self.children.append(child)
        self.reaper.watch(self.children)

    def restart(self, child: Child) -> None:
        child.stop()
        child.before_restart()
        child.start()
        self.reaper.watch(self.children)

    def answers(self) -> bool:
        dead = next((child for child in self.children if not child.is_running), None)
        if dead:
            raise CannotStart(f"{dead.name} ended:\n{dead.last_lines()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """The panel first, all of it at once; then what it stood on."""
        servers = {server.child.name for server in self.servers}
        panel = [child for child in self.children if child.name not in servers]
        for child in panel:
            child.ask_to_stop()
        for child in reversed(panel):
            child.stop()
        for server in reversed(self.servers):
            server.stop()
        self.reaper.dismiss()
        if self.lock:
            self.lock.close()


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


@contextlib.contextmanager
def servers(folder: Path, *, is_throwaway: bool = True) -> Iterator[dict[str, str]]:
    """PostgreSQL and Valkey alone, for tests, throwaway, and for benchmarks. Gives DATABASE_URL and REDIS_URL."""
    stack = Stack(folder, 0, is_throwaway=is_throwaway)
    stack.start_servers()
    try:
        yield {name: stack.env[name] for name in ("DATABASE_URL", "REDIS_URL")}
    finally:
        stack.stop()


STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
