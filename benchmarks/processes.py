"""How much processor the programs of a running panel took, each by its name. For `idle` and `clusters`."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

# What a command line says, and whose it is; the rest is what the panel stands on.
PANEL = {
    "ospab_panel worker": "worker",
    "ospab_panel beat": "beat",
    "manage.py sweeper": "sweeper",
    "ospab_panel.asgi": "web",
    "ospab_panel.server": "web",
    "multiprocessing": "web",
}
TICKS = os.sysconf("SC_CLK_TCK")
Process = tuple[int, str, float]  # the number of its parent, its name, and its seconds of a processor


def seconds_of(roots: list[int]) -> dict[str, float]:
    """By name, of all that descends from these processes."""
    processes = dict(all_processes())
    found: dict[str, float] = {}
    for pid, (_, name, seconds) in processes.items():
        if name and any(ancestor in roots for ancestor in line_of(pid, processes)):
            found[name] = found.get(name, 0.0) + seconds
    return found


def all_processes() -> Iterator[tuple[int, Process]]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            facts = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        name = next((name for words, name in PANEL.items() if words in command), "")
        yield int(entry.name), (int(facts[1]), name, (int(facts[11]) + int(facts[12])) / TICKS)


def line_of(pid: int, processes: dict[int, Process]) -> Iterator[int]:
    while pid in processes:
        yield pid
        pid = processes[pid][0]


def a_minute(roots: list[int], for_s: float = 60) -> dict[str, float]:
    """Seconds of a processor a minute, by name, beginning now."""
    before, began = seconds_of(roots), time.monotonic()
    time.sleep(for_s)
    after, minutes = seconds_of(roots), (time.monotonic() - began) / 60
    return {name: (seconds - before.get(name, 0.0)) / minutes for name, seconds in sorted(after.items())}
