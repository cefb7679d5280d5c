"""`make chaos`: break everything, one fault after the other, and print what became of the operations.

ARGS="--only WORD" takes the faults whose name has it, as a regular expression; ARGS="--write" puts the table into
docs/reliability.md.
"""

import argparse
import re
import statistics
import sys
from pathlib import Path

from launcher.children import ROOT
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.field import Asked, Field
from tests.stack.conftest import running_panel

HEAD = ("fault", "runs", "commands an operation", "ended", "time to end, s: median", "longest", "longest click, s")
DOCUMENT = ROOT / "docs" / "reliability.md"
MARKS = ("<!-- chaos -->", "<!-- /chaos -->")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--only", default="")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    faults = [fault for fault in FAULTS if re.search(chosen.only, fault.name)]
    rows, bad = [HEAD], 0
    with running_panel() as panel:
        arena = Field(panel)
        for fault in faults:
            asked = meet(arena, fault)
            rows.append(row(fault, asked))
            bad += len(wrong := [one for one in asked if not is_right(one, fault)])
            print(line(rows[-1]), *wrong, sep="\n  ", flush=True)
    table = markdown(rows)
    print(f"\n{table}\n{bad or 'none'} of the operations went wrong")
    if chosen.write:
        write(DOCUMENT, table)
    return 1 if bad else 0


def meet(arena: Field, fault: Fault) -> list[Asked]:
    return [one for _ in range(fault.runs // fault.at_once) for one in fault.scene(arena, fault.at_once)]


def is_right(one: Asked, fault: Fault) -> bool:
    """Exactly one command and its success; or at most one, and an operation that says so. In time, either."""
    if one.state == "succeeded":
        return one.commands == 1 and one.seconds <= fault.within_s
    return one.commands <= 1 and one.code in fault.may_fail and one.seconds <= fault.within_s


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
