"""Each fault as a scene: how the trouble is made, and what was asked in the midst of it. For `make chaos` and the tests.

A scene that does not come about raises NotStaged.
"""

import signal
import time
from dataclasses import dataclass, field
from functools import partial

from launcher.children import wait_until
from tests.chaos.field import WORKER, Asked, Field, Scene
from tests.chaos.trouble import NotStaged
from tests.simulated import PATIENCE
from web.crash_points import POINTS


@dataclass(frozen=True)
class Fault:
    """`runs` operations meet it, `at_once` in one go, and end within so many seconds.

    Of these 38 pass where a command may be on its way and the way was not quick just then, as on a busy machine.
    `may_fail`: the codes with which one may end all the same.
    """

    name: str
    scene: Scene
    runs: int = 5
    at_once: int = 5
    within_s: float = 75.0
    may_fail: tuple[str, ...] = field(default=())


def untroubled(arena: Field, count: int) -> list[Asked]:
    return arena.wait(arena.ask(count))


def killed(point: str, order: str, arena: Field, count: int, within_s: float = 10) -> list[Asked]:
    """A shot for each operation: some take the worker of another one with them.

    That one has ended is seen before its worker has come to the last of the points.
    """
    arena.arm(point, order, count)
    asked = arena.wait(arena.ask(count))
    arena.all_fired(within_s)
    if left := arena.disarm():
        raise NotStaged(f"{left} of {count} times nobody came to {point}")
    return asked


def paused(point: str, seconds: float, arena: Field, count: int) -> list[Asked]:
    """Whoever comes there hangs for so long, and then goes on as if nothing had happened."""
    arena.arm(point, "stop", count)
    asked = arena.ask(count)
    if not wait_until(lambda: len(arena.stopped()) == count, 20 * PATIENCE):
        raise NotStaged(f"{len(arena.stopped())} of {count} were stopped at {point}")
    time.sleep(seconds)
    arena.disarm()
    arena.go_on()
    return arena.wait(asked)


def rung_ten_times(arena: Field, count: int) -> list[Asked]:
    asked = arena.ask(count)
    for _ in range(10):
        arena.ring(10)
        time.sleep(0.2)
    return arena.wait(asked)


def two_sweepers(arena: Field, count: int) -> list[Asked]:
    """All workers hang, so that the two do all the work."""
    with arena.another("manage.py", "sweeper"):
        arena.send_signal(WORKER, signal.SIGSTOP)
        try:
            return arena.wait(arena.ask(count))
        finally:
            arena.send_signal(WORKER, signal.SIGCONT)


def redis_flushed(arena: Field, count: int) -> list[Asked]:
    asked = []
    for _ in range(count // 10):
        asked += arena.ask(10)
        arena.redis().flushall()
    return arena.wait(asked)


def redis_down(arena: Field, count: int) -> list[Asked]:
    with arena.unattended():
        arena.kill(arena.server("valkey-server"), signal.SIGKILL)
        return arena.wait(arena.ask(count))


def redis_hanging(arena: Field, count: int) -> list[Asked]:
    valkey = arena.server("valkey-server")
    arena.kill(valkey, signal.SIGSTOP)
    try:
        return arena.wait(arena.ask(count))
    finally:
        arena.kill(valkey, signal.SIGCONT)


def postgres_restarted(arena: Field, count: int) -> list[Asked]:
    """Asked for a fast shutdown in the middle of the work; the launcher starts it again."""
    asked = arena.ask(count)
    arena.kill(arena.server("postgres"), signal.SIGINT)
    return arena.wait(asked)


def postgres_killed(arena: Field, count: int) -> list[Asked]:
    asked = arena.ask(count)
    arena.kill(arena.server("postgres"), signal.SIGKILL)
    return arena.wait(asked)


def answers_lost(arena: Field, count: int) -> list[Asked]:
    """The hypervisor acts, and its answer never comes."""
    arena.panel.simulator("PATCH", "/simulator/faults", {"lose_answers": count})
    return arena.wait(arena.ask(count))


def poisoned(arena: Field, count: int) -> list[Asked]:
    """Whoever touches it dies."""
    arena.arm("after_claim", "kill", 20)
    try:
        return arena.wait(arena.ask(count, only=0))
    finally:
        arena.disarm()


FAULTS = [
    Fault("none, to compare", untroubled),
    *(Fault(f"SIGKILL of a worker's child {point}", partial(killed, point, "kill")) for point in POINTS),
    *(Fault(f"SIGKILL of the whole worker {point}", partial(killed, point, "kill all"), 3, 1) for point in POINTS),
    Fault(
        "SIGSTOP after_intent past the turn's limit, SIGCONT", partial(paused, "after_intent", 75), 4, 2, within_s=120
    ),
    Fault("SIGSTOP after_send past the turn's limit, SIGCONT", partial(paused, "after_send", 75), 4, 2, within_s=120),
    Fault("SIGSTOP before_end past the round's lease, SIGCONT", partial(paused, "before_end", 12), 3, 1),
    Fault("each bell rung a hundred times", rung_ten_times, 20, 20),
    Fault("two sweepers, no worker", two_sweepers, 20, 20),
    Fault("FLUSHALL with operations open", redis_flushed, 50, 50),
    Fault("Redis killed", redis_down, 10, 10),
    Fault("Redis hangs", redis_hanging, 10, 10),
    Fault("PostgreSQL restarted", postgres_restarted, 20, 20),
    Fault("PostgreSQL killed", postgres_killed, 20, 20),
    Fault("the command's answer lost", answers_lost, 5, 5),
    Fault("poison: whoever touches it dies", poisoned, 1, 1, may_fail=("too_many_tries",)),
]
