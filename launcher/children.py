"""Programs that we start, watch and surely stop. For the other modules of the launcher; from the main thread alone.

A child is a session of its own, so that Ctrl-C reaches us and not it, and gets a signal of the kernel when we die, however.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


@dataclass
class Child:
    """`stop_signal` asks it to end; after `patience_s` it is killed, and its whole session with it.

    One that `waits` goes on once a line comes by its standard input: after `release`, and then at each start.
    """

    name: str
    command: list[str]
    log: Path
    env: dict[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    patience_s: float = 6.0
    user: tuple[int, int] | None = None
    cwd: Path | None = None
    before_restart: Callable[[], None] = lambda: None
    waits: bool = False
    is_released: bool = field(default=False, init=False)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        parent = os.getpid()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE if self.waits else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                cwd=self.cwd,
                start_new_session=True,
                preexec_fn=lambda: bind_to_parent(parent, self.user, self.stop_signal),
            )
        if self.is_released:
            self.release()

    def release(self) -> None:
        """What it did wait for has come about. Where it has ended meanwhile, whoever asks `is_running` finds out."""
        self.is_released = True
        if self.process and self.process.stdin:
            with contextlib.suppress(BrokenPipeError), self.process.stdin as line:
                line.write(b"\n")

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.is_running and self.process:
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Returns when it and everything it started are gone."""
        if self.process is None:
            return
        self.ask_to_stop()
        try:
            self.process.wait(self.patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        sweep_session(self.process.pid)

    def last_lines(self, count: int = 15) -> str:
        return last_lines(self.log, count)


def last_lines(log: Path, count: int = 15) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(f"    {line}" for line in lines[-count:])


def bind_to_parent(parent: int, user: tuple[int, int] | None, last_signal: signal.Signals) -> None:
    """In the child, before its program: the kernel forgets the death signal when the user changes, so that comes first."""
    if user:
        os.setgroups([])
        os.setgid(user[1])
        os.setuid(user[0])
    LIBC.prctl(PR_SET_PDEATHSIG, last_signal)
    if os.getppid() != parent:
        os._exit(1)


def sweep_session(leader: int) -> None:
    """A parent that was killed leaves its workers: uvicorn's would go on holding the port."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def wait_until(is_true: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_true():
            return True
        time.sleep(pause)
    return is_true()
