"""`make bench WHAT=idle`: a panel that nobody looks at, with the few guests of the demo and with ten thousand more.

How much processor do web, worker, beat and sweeper take? PostgreSQL, Valkey and the simulated clusters are not theirs.
"""

import argparse
import os
import time
from pathlib import Path

import django

from benchmarks import goals, processes
from tests.stack.conftest import Panel, running_panel

# Until what a start brings with it is over.
STARTS_FOR_S = 20


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.idle", description=__doc__)
    parser.add_argument("--guests", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with running_panel() as panel:
        few = measured("a few guests", panel, options.seconds)
        join(panel)
        # Models are there when Django is.
        from benchmarks.stage import Stage

        with Stage(Path(panel.run.folder) / "many", options.guests, is_kept=True):
            many = measured(f"{options.guests} guests", panel, options.seconds)
    goals.show(
        goals.Goal("an idle panel: share of a core", few / 60, at_most=0.02),
        goals.Goal(f"an idle panel with {options.guests} guests: share of a core", many / 60, at_most=5 / 60),
    )


def measured(what: str, panel: Panel, for_s: float) -> float:
    time.sleep(STARTS_FOR_S)
    found = processes.a_minute([panel.run.process.pid], for_s)
    total = sum(found.values())
    each = ", ".join(f"{name} {seconds:.2f}" for name, seconds in found.items())
    print(f"{what}: {total:.2f} s of a processor a minute ({each})", flush=True)
    return total


def join(panel: Panel) -> None:
    """Be a process of this panel, with its models."""
    own = {"DB_POOL": "0", "LOG_LEVEL": "WARNING", "DJANGO_SETTINGS_MODULE": "ospab_panel.settings"}
    os.environ |= panel.run.environment | own
    django.setup()


if __name__ == "__main__":
    main()
