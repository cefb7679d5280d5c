"""Where a line is broken: a copy of the tree with a database of its own, on servers that all benches share. For __main__."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from launcher.stack import servers

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLED = (".venv", "node_modules")
PYTEST = f"{sys.executable} -m pytest -x -q -n0 --no-header --show-capture=no -p no:cacheprovider".split()
PYTEST += ["-p", "tests.mutate.first_red"]
# What makes the tests wait for ever is noticed, too.
LONGEST_S = 900
FOREVER = f"no end within {LONGEST_S} s"
NOTHING_RED, TESTS_FAILED = 0, 1


class Undecided(Exception):
    """Nobody can tell whether a test notices: its text says why."""


@dataclass(frozen=True)
class Bench:
    tree: Path
    env: dict[str, str]

    def red_of(self, *asked: str) -> str:
        """The first test that is red in this tree, or '', of those asked for. Raises Undecided where none could be run."""
        red = self.tree / "first-red"
        red.unlink(missing_ok=True)
        options = {"cwd": self.tree, "env": self.env | {"FIRST_RED": str(red)}, "capture_output": True, "text": True}
        try:
            done = subprocess.run([*PYTEST, *asked], timeout=LONGEST_S, check=False, **options)  # type: ignore[call-overload]
        except subprocess.TimeoutExpired:
            return FOREVER
        if done.returncode == NOTHING_RED:
            return ""
        if done.returncode == TESTS_FAILED and red.exists():
            return red.read_text()
        raise Undecided(f"pytest ended with {done.returncode}: {done.stdout[-1000:]} {done.stderr[-1000:]}")


@contextmanager
def benches(count: int) -> Iterator[list[Bench]]:
    """Each is to tests.servers as one of several workers of one run is, so it makes its database by copying a migrated one."""
    with tempfile.TemporaryDirectory(prefix="ospab-mutate-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        with servers(folder) as urls:
            yield [bench(folder / f"bench{number}", number, urls) for number in range(count)]


def bench(tree: Path, number: int, urls: dict[str, str]) -> Bench:
    database = f"mutate{number}"
    with psycopg.connect(urls["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")  # type: ignore[arg-type]
    head, _, query = urls["DATABASE_URL"].partition("?")
    url = f"{head.rpartition('/')[0]}/{database}" + (f"?{query}" if query else "")
    copy(tree)
    (tree / ".data" / "static").mkdir(parents=True)
    own = {"DATABASE_URL": url, "REDIS_URL": urls["REDIS_URL"], "DATA_DIR": str(tree / ".data")}
    own |= {"STATIC_ROOT": str(tree / ".data/static"), "MIGRATED": f"{tree}.migrated"}
    return Bench(tree, os.environ | example() | own | {"PYTEST_XDIST_WORKER": f"gw{number}"})


def example() -> dict[str, str]:
    """The settings that the tests are run with."""
    lines = (line.partition("=") for line in (ROOT / "tests/example.env").read_text().splitlines())
    return {name: value for name, _, value in lines if value and not name.startswith("#")}


def copy(tree: Path) -> None:
    """The tree as it stands, with what git does not know of yet."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    compiled = [str(path.relative_to(ROOT)) for path in ROOT.glob("locale/*/LC_MESSAGES/*.mo")]
    for name in [*listed, *compiled]:
        if name and name not in INSTALLED and (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    for name in INSTALLED:
        (tree / name).symlink_to((ROOT / name).resolve())
