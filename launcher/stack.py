"""What the panel consists of, in the order of starting. `python -m launcher` and the tests use it."""

import contextlib
import fcntl
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from launcher import programs
from launcher.certificate import certificate
from launcher.children import ROOT, Child, wait_until
from launcher.postgres import CannotStart, Postgres
from launcher.programs import python
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

    def start_panel(self) -> None:
        """The web loads all that it is made of while the servers start and the database is prepared."""
        self.add_servers()
        self.env |= demo_secrets(self.folder) | {"DEMO": "1", "PANEL_URL": f"http://localhost:{self.port}"}
        self.env |= {"DATA_DIR": str(self.folder), "PYTHONUNBUFFERED": "1"}
        self.start_simulator()
        web = self.launch(programs.web(self.port), waits=True)
        self.start_servers()
        self.prepare()
        web.release()
        if not wait_until(self.answers, READY_S, 0.01):
            raise CannotStart(f"The panel did not answer:\n{web.last_lines()}")
        for other in programs.others(self.folder):
            self.launch(other)

    def add_servers(self) -> None:
        """Those that the environment does not name. They are at their addresses once they are started, and know no secrets."""
        env = dict(self.env)
        if not self.env.get("REDIS_URL"):
            valkey = Valkey(self.logs / "valkey.log", env)
            self.servers.append(valkey)
            self.env["REDIS_URL"] = valkey.url
        if not self.env.get("DATABASE_URL"):
            postgres = Postgres(self.folder, self.logs / "postgresql.log", env, is_throwaway=self.is_throwaway)
            self.servers.append(postgres)
            self.env["DATABASE_URL"] = postgres.url

    def start_servers(self) -> None:
        for server in self.servers:
            server.begin()
            self.watch(server.child)
        for server in self.servers:
            server.wait()

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
        self.launch(programs.Program("simulator", python("-m", "simulator", *state, *listen, *tls)))

    def prepare(self) -> None:
        command = python("manage.py", "prepare")
        done = subprocess.run(command, cwd=ROOT, env=self.env | {"DB_POOL": "0"}, text=True, capture_output=True)
        if done.returncode:
            raise CannotStart(f"The panel could not be prepared:\n{done.stdout}{done.stderr}")

    def launch(self, program: programs.Program, *, waits: bool = False) -> Child:
        log, env = self.logs / f"{program.name}.log", self.env | {"DB_POOL": str(program.pool)}
        child = Child(program.name, program.command, log, env, cwd=ROOT, waits=waits)
        child.start()
        self.watch(child)
        return child

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


@contextlib.contextmanager
def servers(folder: Path, *, is_throwaway: bool = True) -> Iterator[dict[str, str]]:
    """PostgreSQL and Valkey alone, for tests, throwaway, and for benchmarks. Gives DATABASE_URL and REDIS_URL."""
    stack = Stack(folder, 0, is_throwaway=is_throwaway)
    stack.add_servers()
    stack.start_servers()
    try:
        yield {name: stack.env[name] for name in ("DATABASE_URL", "REDIS_URL")}
    finally:
        stack.stop()


STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
