"""`make bench WHAT=http`: list, create, update and a batch, beside the bare reference and, by --peer, any other program.

Each is served by two web processes on one PostgreSQL that syncs to disk. No worker runs: what is rung for waits in Redis.
A peer is a program that listens on PORT and answers GET /api/vps and POST /api/vps/sync from the table `vps` of
DATABASE_URL, by VPS_SYNC_API_KEY and JWT_SECRET.
"""

import argparse
import shlex
from collections import defaultdict
from itertools import count
from statistics import median
from typing import Any

from benchmarks import batch, goals
from benchmarks.contenders import Contender, started
from benchmarks.goals import Goal
from benchmarks.reconcile import panel
from benchmarks.run import Run, medians, run

WHATS = ("list", "create", "update")
LEAST = {"bare": {"list": 0.5, "create": 0.4, "update": 0.4}, "peer": {"list": 0.15, "create": 0.1, "update": 0.1}}
OF_BATCH = {"one statement": 0.25, "peer, one by one": 5.0}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.http", description=__doc__)
    parser.add_argument("--peer", type=shlex.split, default=[], help="the command of another program")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--only", choices=[*WHATS, "batch"], action="append")
    given = parser.parse_args()
    with panel(is_throwaway=False) as folder:
        # Models are there when Django is.
        from benchmarks.customers import Customers

        customers = Customers()
        with started(folder, given.peer) as contenders:
            bench = Bench(customers, contenders, given)
            for what in given.only or [*WHATS, "batch"]:
                goals.show(*(bench.batches() if what == "batch" else bench.compared(what)))


class Bench:
    """The panel is the first of the contenders. They are measured in turns, so that whatever slows the machine slows all."""

    def __init__(self, customers: Any, contenders: list[Contender], given: argparse.Namespace) -> None:
        self.customers, self.contenders, self.given, self.number = customers, contenders, given, count()
        self.postmaster = customers.postmaster()

    def compared(self, what: str) -> list[Goal]:
        found = defaultdict(list)
        for contender in self.contenders:
            self.run(what, contender, 1)
        for _ in range(self.given.pairs):
            for contender in self.contenders:
                found[contender.name].append(self.run(what, contender, self.given.seconds))
        speeds = {name: shown(what, name, medians(runs)) for name, runs in found.items()}
        others = [name for name in speeds if name != "panel"]
        return [Goal(f"{what}: panel / {name}", speeds["panel"] / speeds[name], LEAST[name][what]) for name in others]

    def run(self, what: str, contender: Contender, seconds: float) -> Run:
        task = self.customers.task(what, self.prefix())
        task |= {"what": what, "seconds": seconds, "connections": self.given.connections}
        return run(task, contender, self.postmaster)

    def prefix(self) -> str:
        return f"order-{next(self.number)}"

    def batches(self) -> list[Goal]:
        """Ten thousand rows in one call, in one statement, and in one call each."""
        found, (panel, *others) = defaultdict(list), self.contenders
        url, key, orders = self.customers.database_url, self.customers.key, self.customers.orders
        for _ in range(self.given.pairs):
            found["one call"].append(batch.in_one_call(panel, key, orders(self.prefix())))
            found["one statement"].append(batch.in_one_statement(url, orders(self.prefix())))
            for other in others:
                found[f"{other.name}, one by one"].append(self.run("create", other, self.given.seconds).per_second)
        speeds = {name: median(rows) for name, rows in found.items()}
        for name, speed in speeds.items():
            print(f"{'batch':<7} {name:<18} {speed:>8.0f} rows/s", flush=True)
        known = [name for name in OF_BATCH if name in speeds]
        return [Goal(f"batch: panel / {name}", speeds["one call"] / speeds[name], OF_BATCH[name]) for name in known]


def shown(what: str, name: str, each: Run) -> float:
    web = f"{what:<7} {name:<6} {each.per_second:>8.0f} requests/s {each.web_ms:>7.2f} ms of processor a request"
    print(f"{web}, PostgreSQL {each.database_ms:.2f} ms", flush=True)
    return each.per_second


if __name__ == "__main__":
    main()
