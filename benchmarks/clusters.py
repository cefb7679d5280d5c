"""`make bench WHAT=clusters`: ten clusters of five thousand guests each, on two workers. How old does a look become?

And what do the panel's own processes leave free of this machine? The simulated clusters take of it too, and are told apart.
"""

import argparse
import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

from benchmarks import goals, processes
from benchmarks.idle import STARTS_FOR_S, join
from tests.chaos.field import Field
from tests.stack.conftest import running_panel

WORKER = ("-m", "celery", "-A", "ospab_panel", "worker", "--concurrency", "8", "--hostname", "second@%h")
ROUND_S = 10.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.clusters", description=__doc__)
    parser.add_argument("--clusters", type=int, default=10)
    parser.add_argument("--guests", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with running_panel() as panel, Field(panel).another(*WORKER):
        join(panel)
        with stages(Path(panel.run.folder), options.clusters, options.guests):
            time.sleep(STARTS_FOR_S)
            report(panel.run.process.pid, options.seconds)


@contextlib.contextmanager
def stages(folder: Path, count: int, guests: int) -> Iterator[None]:
    from benchmarks.stage import Stage

    with contextlib.ExitStack() as stack:
        for number in range(count):
            stack.enter_context(Stage(folder / f"many-{number}", guests, name=f"many-{number}", is_kept=True))
        yield


def report(launcher: int, for_s: float) -> None:
    roots = [launcher, os.getpid()]
    before, began = processes.seconds_of(roots), time.monotonic()
    ages = list(watched(for_s))
    seconds = time.monotonic() - began
    after = processes.seconds_of(roots)
    taken = {name: (after[name] - before.get(name, 0.0)) / seconds for name in sorted(after)}
    each = ", ".join(f"{name} {share:.2f}" for name, share in taken.items())
    print(f"Age of the last look: {mean(ages):.1f} s in the mean, {max(ages):.1f} s the oldest.")
    print(f"The panel takes {sum(taken.values()):.2f} of {os.cpu_count()} processors ({each}).")
    goals.show(goals.Goal("the oldest look at one of ten clusters / 10 s", max(ages) / ROUND_S, at_most=1))


def watched(for_s: float) -> Iterator[float]:
    """How old the last look at each cluster is, twice a second."""
    from django.db import connection

    until = time.monotonic() + for_s
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM clock_timestamp() - seen_at) FROM clusters WHERE name LIKE 'many-%'"
            )
            yield from (float(row[0]) for row in cursor.fetchall())
        time.sleep(0.5)


if __name__ == "__main__":
    main()
