"""Ends what outlives a launcher that was killed. `Reaper` is the stack's side of it, `python -m launcher.reaper` the process.

The kernel asks each child to end when we die, but nobody is left to insist, and one may hang over its own end: Celery's
parent waiting for a child that waits for it, say.
"""

import contextlib
import os
import signal
import subprocess
import sys

from launcher.children import ROOT, Child, sweep_session, wait_until

PATIENCE_S = 4.0


class Reaper:
    """A process in a session of its own, which lives as long as the launcher and a little longer."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def watch(self, children: list[Child]) -> None:
        """Hand over all children of now, at each start of one: a number that was a child's may be another's tomorrow."""
        if self.process is None:
            command = [sys.executable, "-m", "launcher.reaper"]
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, text=True, start_new_session=True, bufsize=1
            )
        pids = [str(child.process.pid) for child in children if child.process]
        # Somebody may have killed the reaper. The launcher lives well without it.
        with contextlib.suppress(BrokenPipeError):
            print(*pids, file=self.process.stdin)

    def dismiss(self) -> None:
        """To be called when all children are gone."""
        if self.process:
            self.process.communicate()


def main() -> None:
    """The standard input ends when the launcher does, however it ended."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    last = list(sys.stdin)[-1:]
    sessions = [int(pid) for line in last for pid in line.split()]
    wait_until(lambda: not any(is_alive(session) for session in sessions), PATIENCE_S)
    for session in sessions:
        sweep_session(session)


def is_alive(session: int) -> bool:
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
