"""One run of the client against one contender: how quick it was, and how much processor it took. For `http`."""

import json
import subprocess
from statistics import median
from typing import Any, NamedTuple

from benchmarks.contenders import Contender, cpu_of_children
from launcher.children import ROOT
from launcher.programs import python

GOOD = {"list": {"200"}, "create": {"201"}, "update": {"200"}}


class Run(NamedTuple):
    """Milliseconds of processor are those of a request."""

    per_second: float
    web_ms: float
    database_ms: float


def run(task: dict[str, Any], contender: Contender, postmaster: int) -> Run:
    before = contender.cpu(), cpu_of_children(postmaster)
    given = json.dumps(task | {"port": contender.port})
    client = python("-m", "benchmarks.load")
    done = subprocess.run(client, input=given, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(f"{contender.name}:\n{contender.child.last_lines()}")
    web, database = contender.cpu() - before[0], cpu_of_children(postmaster) - before[1]
    answer = json.loads(done.stdout)
    if not answer["statuses"].keys() <= GOOD[task["what"]]:
        raise SystemExit(f"{contender.name} answered {answer['statuses']}:\n{contender.child.last_lines()}")
    number = sum(answer["statuses"].values())
    return Run(number / answer["seconds"], web / number * 1000, database / number * 1000)


def medians(runs: list[Run]) -> Run:
    return Run(*(median(column) for column in zip(*runs, strict=True)))
