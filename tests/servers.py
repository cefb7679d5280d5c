"""A pytest plugin: a throwaway PostgreSQL and Valkey for the run, up before Django reads its settings.

With DATABASE_URL and REDIS_URL in the environment those are used instead.
"""

import atexit
import contextlib
import os
import tempfile
from pathlib import Path

from launcher.stack import servers


def start() -> None:
    for line in (Path(__file__).parent / "example.env").read_text().splitlines():
        name, _, value = line.partition("=")
        if value and name not in ("DATABASE_URL", "REDIS_URL"):
            os.environ[name] = value
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ospab-tests-", ignore_cleanup_errors=True)))
    os.environ["DATA_DIR"] = str(folder)
    folder.chmod(0o755)
    os.environ.update(stack.enter_context(servers(folder)))


start()
