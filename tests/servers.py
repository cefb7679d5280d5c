"""A pytest plugin: a throwaway PostgreSQL and Valkey for the run, up before Django reads its settings.

With DATABASE_URL and REDIS_URL in the environment those are used instead. Parallel workers of pytest share the servers:
each has a database of its own by pytest-django, and a Redis database of its own from here.
"""

import atexit
import contextlib
import fcntl
import gc
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from launcher.children import ROOT
from launcher.stack import servers

FIRST = tuple(
    f"tests/{slow}"
    for slow in ("stack/", "vps/operations/", "vps/services/", "vps/test_open", "vps/hypervisor/", "simulator/")
)
# Two panels are for the tests that need a browser, one for those that break something of it, and one for the rest.
BROWSING = tuple(f"tests/stack/test_{name}.py" for name in ("walk", "every_page"))
BREAKING = tuple(f"tests/stack/test_{name}.py" for name in ("supervisor", "chaos", "lost_answers", "main_job"))
# The tests of each of these share what is long in the making.
WHOLE = ("tests/test_upgrade.py", "tests/vps/test_reads_scale.py", "tests/vps/views/test_words.py")


class FewStacks(LoadScopeScheduling):  # type: ignore[misc]
    """The tests of one stack stay on one worker, which starts it once; all others go where there is time."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in WHOLE:
            return file
        return stack_of(file) if file.startswith("tests/stack/") else nodeid


@cache
def stack_of(file: str) -> str:
    if file in BREAKING:
        return "stack that is broken"
    needs_browser = "pytestmark = NEEDED" in (ROOT / file).read_text()
    if not needs_browser:
        return "stack"
    return "stack that is walked through" if file in BROWSING else "stack with a browser"


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """Four have a stack, and half of the time they wait. Valkey has 16 databases, of which each takes one."""
    return min(12, (os.cpu_count() or 1) + 3)


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """None of thousands of tests is garbage: it is looked for in what they leave behind."""
    gc.disable()


def pytest_collection_finish() -> None:
    """A test leaves little behind in circles, and looking for it each time that there is some costs more than it does."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, then those that wait for a hypervisor: what wants a processor fills the time that they wait."""
    items.sort(key=lambda item: next((at for at, folder in enumerate(FIRST) if folder in item.nodeid), len(FIRST)))


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return FewStacks(config, log)


def pytest_testnodedown(node: WorkerController, error: object) -> None:
    """A worker reads the expressions of -k and -m, and says nothing of one that it cannot read: pytest-xdist then fails by an
    assertion of its own (`not crashitem`), for tests are left that nobody has run."""
    if error is None and node.workeroutput["exitstatus"] == pytest.ExitCode.USAGE_ERROR:
        pytest.exit("a worker cannot read -k or -m; with -n0 pytest says why", pytest.ExitCode.USAGE_ERROR)


def start() -> None:
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        os.environ["REDIS_URL"] += f"?db={int(worker.removeprefix('gw')) + 1}"
        os.environ["DATA_DIR"] += f"/{worker}"
        return
    for line in (Path(__file__).parent / "example.env").read_text().splitlines():
        name, _, value = line.partition("=")
        if value and name not in ("DATABASE_URL", "REDIS_URL"):
            os.environ[name] = value
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ospab-tests-", ignore_cleanup_errors=True)))
    os.environ |= {"DATA_DIR": str(folder), "STATIC_ROOT": str(folder / "static")}
    folder.chmod(0o755)
    (folder / "static").mkdir()
    os.environ.update(stack.enter_context(servers(folder)))
    os.environ["MIGRATED"] = str(folder / "migrated")


def template() -> str:
    """The database that each worker's own is a copy of, for one alone migrates. '' where the server is not ours."""
    if not {"MIGRATED", "PYTEST_XDIST_WORKER"} <= os.environ.keys():
        return ""
    with Path(os.environ["MIGRATED"]).open("a+") as stamp:
        fcntl.flock(stamp, fcntl.LOCK_EX)
        if not os.fstat(stamp.fileno()).st_size:
            command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(command, cwd=ROOT, env=os.environ | {"DB_POOL": "0"}, check=True)
            stamp.write("yes")
    return urlsplit(os.environ["DATABASE_URL"]).path.removeprefix("/")


start()
