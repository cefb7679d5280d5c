"""A pytest plugin: a throwaway PostgreSQL and Valkey for the run, up before Django reads its settings.

With DATABASE_URL and REDIS_URL in the environment those are used instead. Parallel workers of pytest share the servers:
each has a database of its own by pytest-django, and a Redis database of its own from here.
"""

import atexit
import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from launcher.stack import servers

# OWN_STACK are the longest files of tests of the whole stack: each has one of its own.
FIRST = ("tests/stack/", "tests/power/", "tests/hypervisor/", "tests/simulator/")
OWN_STACK = tuple(f"tests/stack/test_{name}.py" for name in ("browser", "supervisor", "event_socket"))


class FewStacks(LoadScopeScheduling):  # type: ignore[misc]
    """The tests of one stack stay on one worker, which starts it once; all others go where there is time."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in OWN_STACK:
            return file
        return "tests/stack" if file.startswith("tests/stack/") else nodeid


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, then those that wait for a hypervisor: what wants a processor fills the time that they wait."""
    items.sort(key=lambda item: next((at for at, folder in enumerate(FIRST) if folder in item.nodeid), len(FIRST)))


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return FewStacks(config, log)


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


start()
