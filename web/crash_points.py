"""Named places where a test has this process killed, or stopped. Without CRASH_POINTS: nothing.

CRASH_POINTS names a folder. A file in it called `<point>.<anything>` is one shot: whoever reaches the point takes the
file away and does what it says. `kill` is this process alone, as when memory runs out; `kill all` is the worker with its
parent, as when a machine dies; `stop` is a machine that hangs, until SIGCONT.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path

FOLDER = os.environ.get("CRASH_POINTS", "")
# On an operation's way, in its order.
POINTS = (
    "before_claim",
    "after_claim",
    "after_intent",
    "after_send",
    "before_record",
    "after_record",
    "before_end",
    "after_end",
)
# On an answer's way: what was asked is done and committed, and the caller of the API does not know it yet.
BEFORE_ANSWER = "before_answer"
# What a test in this very process wants called at each point, before it is passed.
listeners: list[Callable[[str], None]] = []


def crash_point(point: str) -> None:
    """To be called at each of POINTS, and at BEFORE_ANSWER."""
    for listener in listeners:
        listener(point)
    if FOLDER:
        for shot in sorted(Path(FOLDER).glob(f"{point}.*")):
            obey(shot)


def obey(shot: Path) -> None:
    try:
        order = shot.read_text()
        shot.unlink()
    except FileNotFoundError:
        return
    if order == "kill all":
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}[order])
