"""The programs that benchmarks.http holds against each other, each on a port of its own, and what processor they have used."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from launcher.children import ROOT, Child, wait_until
from launcher.programs import python
from launcher.secrets_file import free_port

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
# As the launcher and docs/architecture.md start the web.
WEB = (
    *("--lifespan", "auto", "--http", "ospab_panel.http_protocol:JsonHttpProtocol", "--ws-max-size", "131072"),
    *("--host", "127.0.0.1", "--no-proxy-headers", "--log-level", "warning", "--no-access-log", "--workers", "2"),
)


class Contender:
    def __init__(self, name: str, folder: Path, command: list[str], port: int) -> None:
        self.name, self.port = name, port
        env = {key: value for key, value in os.environ.items() if key != "DB_POOL"}
        env |= {"PORT": str(port), "JWT_SECRET": env["JWT_SIGNING_KEY"]}
        self.child = Child(name, command, folder / f"{name}.log", env, cwd=ROOT)

    def start(self) -> None:
        self.child.start()
        if not wait_until(self.answers, 60):
            raise SystemExit(f"{self.name} did not start:\n{self.child.last_lines()}")

    def answers(self) -> bool:
        if not self.child.is_running:
            raise SystemExit(f"{self.name} ended:\n{self.child.last_lines()}")
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def cpu(self) -> float:
        """Seconds, of it and of all that it has started."""
        assert self.child.process
        leader = self.child.process.pid
        return sum(seconds for pid, _, session, seconds in processes() if leader in (session, pid))


@contextlib.contextmanager
def started(folder: Path, peer: list[str]) -> Iterator[list[Contender]]:
    """The panel, the bare reference and, where there is a command of one, the peer."""
    made = [
        web("panel", folder, "ospab_panel.asgi:application"),
        web("bare", folder, "benchmarks.bare.asgi:application"),
    ]
    if peer:
        made.append(Contender("peer", folder, peer, free_port()))
    try:
        for contender in made:
            contender.start()
        yield made
    finally:
        for contender in made:
            contender.child.stop()


def web(name: str, folder: Path, application: str) -> Contender:
    port = free_port()
    return Contender(name, folder, python("-m", "uvicorn", application, "--port", str(port), *WEB), port)


def processes() -> Iterator[tuple[int, int, int, float]]:
    """(pid, its parent, its session, seconds of processor with those of children that have ended)."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(") ")[2].split()
            ticks = sum(map(int, fields[11:15]))
            yield int(entry.name), int(fields[1]), int(fields[3]), ticks * TICK_S


def cpu_of_children(parent: int) -> float:
    """Of a server whose processes each have a session of their own, as PostgreSQL's have."""
    return sum(seconds for pid, its_parent, _, seconds in processes() if parent in (pid, its_parent))
