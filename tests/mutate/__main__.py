"""Breaks one promise after the other in a copy of the tree, and prints which test was red for it. `make mutate` calls it.

`--only WORD` takes the mutations whose promise or file has this word; `--jobs N` breaks so many at a time. What no test
notices has SURVIVED; where nobody can tell (its line is not there any more, or pytest could not run) it is UNDECIDED. All are
tried, and either ends in an error.
"""

import argparse
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue

from tests.mutate.bench import FOREVER, Bench, Undecided, benches
from tests.mutate.table import MUTATIONS, Mutation

SURVIVED, UNDECIDED = "**SURVIVED**", "**UNDECIDED**"


def main() -> int:
    options = arguments()
    chosen = [one for one in MUTATIONS if options.only in f"{one.promise} {one.file}"]
    print("| promise | broken | red |\n| --- | --- | --- |", flush=True)
    free: SimpleQueue[Bench] = SimpleQueue()
    unnoticed: Counter[str] = Counter()
    with benches(options.jobs) as made, ThreadPoolExecutor(options.jobs) as pool:
        for bench in made:
            free.put(bench)
        for done in as_completed([pool.submit(tried, mutation, free) for mutation in chosen]):
            mutation, noticed = done.result()
            print_row(mutation, noticed)
            unnoticed.update(word for word in (SURVIVED, UNDECIDED) if noticed.startswith(word))
    print(f"\n{len(chosen)} mutations, {unnoticed[SURVIVED]} survived, {unnoticed[UNDECIDED]} undecided")
    return 1 if unnoticed or not chosen else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutate")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def tried(mutation: Mutation, free: "SimpleQueue[Bench]") -> tuple[Mutation, str]:
    """The test that was red for it, or that it has survived, or why nobody can tell."""
    bench = free.get()
    try:
        return mutation, broken_on(bench, mutation) or SURVIVED
    except Undecided as why:
        return mutation, f"{UNDECIDED} {flat(str(why))}"
    finally:
        free.put(bench)


def broken_on(bench: Bench, mutation: Mutation) -> str:
    file = bench.tree / mutation.file
    whole = file.read_text() if file.exists() else ""
    if whole.count(mutation.line) != 1:
        raise Undecided(f"the file has {whole.count(mutation.line)} of this line")
    try:
        return noticed(bench, mutation, whole)
    finally:
        file.write_text(whole)


def noticed(bench: Bench, mutation: Mutation, whole: str) -> str:
    """The first test that is red twice where the line is broken, and not where it is whole: what is red by itself, or now
    and then, has noticed nothing. '' where there is none."""
    file = bench.tree / mutation.file
    passed_over: list[str] = []
    broken = whole.replace(mutation.line, mutation.broken)
    file.write_text(broken)
    while red := bench.red_of(*mutation.tests, *(f"--deselect={test}" for test in passed_over)):
        if red == FOREVER:
            return red
        is_red_again = bool(bench.red_of(red))
        file.write_text(whole)
        if is_red_again and not bench.red_of(red):
            return red
        file.write_text(broken)
        passed_over.append(red)
    return ""


def print_row(mutation: Mutation, noticed: str) -> None:
    change = f"{mutation.file}: `{flat(mutation.line)}` → `{flat(mutation.broken)}`"
    print(f"| {mutation.promise} | {change} | {noticed} |", flush=True)


def flat(code: str) -> str:
    return " ".join(code.split()) or "(nothing)"


if __name__ == "__main__":
    sys.exit(main())
