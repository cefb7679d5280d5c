"""Breaks one promise after the other in a copy of the tree, and prints which test was red for it. `make mutate` calls it.

`--only WORD` takes the mutations whose promise or file has this word; `--jobs N` breaks so many at a time. What no test
notices has SURVIVED, and it ends with an error.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.mutate.table import MUTATIONS, Mutation

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLED = (".venv", "node_modules")
PYTEST = (
    sys.executable,
    "-m",
    "pytest",
    "-x",
    "-q",
    "-n0",
    "--no-header",
    "--show-capture=no",
    "-p",
    "no:cacheprovider",
)
# A mutation that makes the tests wait for ever is one that they notice.
LONGEST_S = 900
RED = re.compile(r"^(?:FAILED|ERROR) (\S+?::.+?)(?: - .*)?$", re.MULTILINE)
FOREVER = f"no end within {LONGEST_S} s"
TESTS_FAILED = 1


def main() -> int:
    options = arguments()
    chosen = [one for one in MUTATIONS if options.only in f"{one.promise} {one.file}"]
    print("| promise | broken | red |\n| --- | --- | --- |", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        survived = sum(told(mutation, red) for mutation, red in pool.map(tried, chosen))
    print(f"\n{len(chosen)} mutations, {survived} survived")
    return 1 if survived or not chosen else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutate")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def tried(mutation: Mutation) -> tuple[Mutation, str]:
    """The test that was red for it, or ''. Raises where the file has no such line any more, or several."""
    with copy() as tree:
        file = tree / mutation.file
        whole = file.read_text()
        if whole.count(mutation.line) != 1:
            raise SystemExit(f"{mutation.file} has {whole.count(mutation.line)} of: {mutation.line}")
        broken = whole.replace(mutation.line, mutation.broken)
        return mutation, noticed(tree, file, (whole, broken), mutation.tests)


def noticed(tree: Path, file: Path, texts: tuple[str, str], tests: tuple[str, ...]) -> str:
    """The first test that is red twice where the line is broken, and not where it is whole: what is red by itself, or now
    and then, has noticed nothing. '' where there is none."""
    whole, broken = texts
    passed_over: list[str] = []
    file.write_text(broken)
    while red := red_of(tree, [*tests, *(f"--deselect={test}" for test in passed_over)]):
        if red == FOREVER:
            return red
        is_red_again = bool(red_of(tree, [red]))
        file.write_text(whole)
        if is_red_again and not red_of(tree, [red]):
            return red
        file.write_text(broken)
        passed_over.append(red)
    return ""


def told(mutation: Mutation, red: str) -> bool:
    """Print its row. Whether it survived."""
    change = f"{mutation.file}: `{flat(mutation.line)}` → `{flat(mutation.broken)}`"
    print(f"| {mutation.promise} | {change} | {red or '**SURVIVED**'} |", flush=True)
    return not red


def flat(code: str) -> str:
    return " ".join(code.split()) or "(nothing)"


def red_of(tree: Path, asked: Iterable[str]) -> str:
    """The first test that is red in this tree, or '', of those asked for."""
    try:
        done = subprocess.run(
            [*PYTEST, *asked], cwd=tree, capture_output=True, text=True, timeout=LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        return FOREVER
    found = RED.search(done.stdout)
    if done.returncode and not found:
        raise SystemExit(f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return found[1] if found and done.returncode == TESTS_FAILED else ""


@contextmanager
def copy() -> Iterator[Path]:
    """The tree as it stands, with what git does not know of yet, in a folder that is gone afterwards."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    with tempfile.TemporaryDirectory(prefix="ospab-mutate-", ignore_cleanup_errors=True) as folder:
        for name in filter(partial(is_file, ROOT), listed.stdout.decode().split("\0")):
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, Path(folder) / name)
        for compiled in ROOT.glob("locale/*/LC_MESSAGES/*.mo"):
            shutil.copy2(compiled, Path(folder) / compiled.relative_to(ROOT))
        for name in INSTALLED:
            (Path(folder) / name).symlink_to((ROOT / name).resolve())
        yield Path(folder)


def is_file(root: Path, name: str) -> bool:
    return bool(name) and (root / name).is_file() and name not in INSTALLED


if __name__ == "__main__":
    sys.exit(main())
