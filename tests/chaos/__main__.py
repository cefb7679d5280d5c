"""`make chaos`: break everything, one fault after the other, and print what became of the operations.

ARGS="--only WORD" takes the faults whose name has it, as a regular expression; ARGS="--write" puts the table into
docs/reliability.md.
"""

import argparse
import re
import signal
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import redis
import requests

from launcher.children import ROOT
from launcher.stack import STOP_SIGNALS
from tests.chaos.faults import FAULTS, Fault, untroubled
from tests.chaos.field import Asked, Field
from tests.chaos.trouble import NotStaged
from tests.stack.conftest import running_panel

HEAD = ("fault", "runs", "commands an operation", "ended", "time to end, s: median", "longest", "longest click, s")
# What an operation takes at most where nothing happens to it.
CALM_S = 4.0
DOCUMENT = ROOT / "docs" / "reliability.md"
MARKS = ("<!-- chaos -->", "<!-- /chaos -->")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--only", default="")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    for name in STOP_SIGNALS:
        signal.signal(name, stop)
    faults = [fault for fault in FAULTS if re.search(chosen.only, fault.name)]
    with running_panel() as panel:
        arena = Field(panel)
        verdicts = [print_verdict(meet(arena, fault)) for fault in faults]
    table = markdown([HEAD, *(verdict.row for verdict in verdicts)])
    missed, bad = sum(bool(one.missed) for one in verdicts), sum(len(one.wrong) for one in verdicts)
    print(
        f"\n{table}\n{bad or 'none'} of the operations went wrong, {missed or 'none'} of the faults could not be staged"
    )
    if chosen.write:
        write(DOCUMENT, table)
    return 1 if bad or missed else 0


def stop(number: int, frame: object) -> None:
    """What is open is closed on the way, the panel too. A second signal does not break that off."""
    for name in STOP_SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    sys.exit(128 + number)


@dataclass
class Verdict:
    """A fault's row, the operations that went wrong, and why it could not be staged where that is so."""

    row: tuple[str, ...]
    wrong: list[Asked]
    missed: str = ""


def meet(arena: Field, fault: Fault) -> Verdict:
    """What could not be staged is tried once more, and then told in its row."""
    missed = ""
    for _ in range(2):
        try:
            arena.clean_up()
            arena.log_in()
            slow = slowness(arena)
            asked = [one for _ in range(fault.runs // fault.at_once) for one in fault.scene(arena, fault.at_once)]
        except (NotStaged, requests.RequestException, redis.RedisError, OSError, LookupError) as error:
            missed = in_a_line(error)
        else:
            return Verdict(row(fault, asked), [one for one in asked if not is_right(one, fault, slow)])
    return Verdict((fault.name, "0", "", f"not staged: {missed}", "", "", ""), [], missed)


def in_a_line(error: Exception) -> str:
    text = str(error) if isinstance(error, NotStaged) else f"{type(error).__name__}: {error}"
    return " ".join(text.replace("|", "/").split())


def slowness(arena: Field) -> float:
    """How many times longer this machine takes just now than a calm one, by an operation that nothing happens to."""
    return max(1.0, max(one.seconds for one in untroubled(arena, 1)) / CALM_S)


def print_verdict(verdict: Verdict) -> Verdict:
    print(line(verdict.row), *verdict.wrong, sep="\n  ", flush=True)
    return verdict


def is_right(one: Asked, fault: Fault, slow: float) -> bool:
    """Exactly one command and its success; or at most one, and an operation that says so. In time, either."""
    if one.seconds > fault.within_s * slow:
        return False
    if one.state == "succeeded":
        return one.commands == 1
    return one.commands <= 1 and one.code in fault.may_fail


def row(fault: Fault, asked: list[Asked]) -> tuple[str, ...]:
    seconds = [one.seconds for one in asked]
    ends = sorted({f"{one.state} {one.code}".strip() or "never" for one in asked})
    counts = sorted({one.commands for one in asked})
    times = (statistics.median(seconds), max(seconds), max(one.click_s for one in asked))
    return (
        fault.name,
        str(len(asked)),
        " to ".join(map(str, sorted({counts[0], counts[-1]}))),
        ", ".join(ends),
        *(f"{time:.1f}" for time in times),
    )


def line(cells: tuple[str, ...]) -> str:
    return f"{cells[0]:<58} {'  '.join(cells[1:])}"


def markdown(rows: list[tuple[str, ...]]) -> str:
    ruled = [rows[0], tuple("---" for _ in HEAD), *rows[1:]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in ruled)


def write(document: Path, table: str) -> None:
    text = document.read_text()
    between = re.compile(f"{MARKS[0]}.*?{MARKS[1]}", re.DOTALL)
    document.write_text(between.sub(lambda _: f"{MARKS[0]}\n{table}\n{MARKS[1]}", text))


if __name__ == "__main__":
    sys.exit(main())
