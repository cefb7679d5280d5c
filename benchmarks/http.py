"""`make bench WHAT=http`: list, create and update over HTTP, beside the bare reference and, by --peer, any other program.

Each is served by two web processes on one PostgreSQL that syncs to disk. No worker runs: what is rung for waits in Redis.
A peer is a program that listens on PORT and answers GET /api/vps and POST /api/vps/sync from the table `vps` of
DATABASE_URL, by VPS_SYNC_API_KEY and JWT_SECRET.
"""

import argparse
import json
import shlex
import subprocess
from collections import defaultdict
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks import goals
from benchmarks.contenders import Contender, cpu_of_children, started
from benchmarks.goals import Goal
from benchmarks.reconcile import panel
from launcher.children import ROOT
from launcher.stack import python

WHATS = ("list", "create", "update")
LEAST = {"bare": {"list": 0.5, "create": 0.4, "update": 0.4}, "peer": {"list": 0.15, "create": 0.1, "update": 0.1}}
GOOD = {"list": {"200"}, "create": {"201"}, "update": {"200"}}


class Run(NamedTuple):
    per_second: float
    web_ms: float
    database_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.http", description=__doc__)
    parser.add_argument("--peer", type=shlex.split, default=[], help="the command of another program")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--only", choices=WHATS, action="append")
    given = parser.parse_args()
    with panel(is_throwaway=False) as folder:
        # Models are there when Django is.
        from benchmarks.customers import Customers

        customers = Customers()
        with started(folder, given.peer) as contenders:
            bench = Bench(folder, customers, given)
            for what in given.only or WHATS:
                goals.show(*bench.compared(what, contenders))


class Bench:
    def __init__(self, folder: Path, customers: Any, given: argparse.Namespace) -> None:
        self.customers, self.given, self.number = customers, given, count()
        self.url = customers.database_url
        self.postmaster = customers.postmaster()

    def compared(self, what: str, contenders: list[Contender]) -> list[Goal]:
        """In turns, so that whatever slows the machine slows all."""
        runs: dict[str, list[Run]] = defaultdict(list)
        for contender in contenders:
            self.run(what, contender, 1)
        for _ in range(self.given.pairs):
            for contender in contenders:
                runs[contender.name].append(self.run(what, contender, self.given.seconds))
        speeds = {}
        for name, found in runs.items():
            each = Run(*(median(column) for column in zip(*found, strict=True)))
            speeds[name] = each.per_second
            print(
                f"{what:<7} {name:<6} {each.per_second:>8.0f} requests/s {each.web_ms:>7.2f} ms CPU a request, "
                f"PostgreSQL {each.database_ms:.2f} ms",
                flush=True,
            )
        return [
            Goal(f"{what}: panel / {other}, requests a second", speeds["panel"] / speeds[other], LEAST[other][what])
            for other in speeds
            if other != "panel"
        ]

    def run(self, what: str, contender: Contender, seconds: float) -> Run:
        task = self.customers.task(what, f"{contender.name}-{next(self.number)}")
        task |= {"what": what, "port": contender.port, "seconds": seconds, "connections": self.given.connections}
        before = contender.cpu(), cpu_of_children(self.postmaster)
        client = python("-m", "benchmarks.load")
        done = subprocess.run(client, input=json.dumps(task), stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False)
        if done.returncode:
            raise SystemExit(f"{contender.name}:\n{contender.child.last_lines()}")
        web, database = contender.cpu() - before[0], cpu_of_children(self.postmaster) - before[1]
        answer = json.loads(done.stdout)
        if not answer["statuses"].keys() <= GOOD[what]:
            raise SystemExit(f"{contender.name} answered {answer['statuses']}:\n{contender.child.last_lines()}")
        number = sum(answer["statuses"].values())
        return Run(number / answer["seconds"], web / number * 1000, database / number * 1000)


if __name__ == "__main__":
    main()
