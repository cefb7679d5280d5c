"""`make bench`: every benchmark, one after the other, and at the end each ratio beside its goal once more."""

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.goals import PREFIX
from launcher.children import ROOT
from launcher.programs import python

FOLDER = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--peer", default="", help="for http: the command of another program")
    peer = parser.parse_args().peer
    goals, broken = [], []
    for name in names():
        print(f"\n== {name}\n", flush=True)
        code, found = run(name, ["--peer", peer] if peer and name == "http" else [])
        goals += found
        broken += [name] if code else []
    print("\nAll goals:", *goals, "", summary(goals, broken), sep="\n")
    sys.exit(bool(broken))


def names() -> list[str]:
    """Of the benchmarks, each found by being there: a module that says in its first line that it is one."""
    return sorted(path.stem for path in FOLDER.glob("[!_]*.py") if path.read_text().startswith('"""`make bench'))


def run(name: str, arguments: list[str]) -> tuple[int, list[str]]:
    """Its exit code, and the lines of its goals. All that it prints is passed on as it comes."""
    goals = []
    command = python("-m", f"benchmarks.{name}", *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout
        for line in child.stdout:
            print(line, end="", flush=True)
            goals += [line.rstrip()] if line.startswith(PREFIX) else []
    return child.returncode, goals


def summary(goals: list[str], broken: list[str]) -> str:
    """A goal that is missed fails nothing: times are of the machine. A benchmark that did not come to its end does."""
    holding = sum(line.endswith("holds") for line in goals)
    return f"{holding} of {len(goals)} hold." + (f" Did not come to an end: {', '.join(broken)}." if broken else "")


if __name__ == "__main__":
    main()
