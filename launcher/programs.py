"""The panel's own programs: their names, commands and pools of database connections. For the stack.

A worker's, the sweeper's and the clock's pool is 0: Celery opens its own connections.
"""

import sys
from pathlib import Path
from typing import NamedTuple

# Nobody listens to what workers would tell each other, each of them every other second.
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO")


class Program(NamedTuple):
    name: str
    command: list[str]
    pool: int = 0


def web(port: int) -> Program:
    """It loads itself at once, and serves once it is released."""
    options = ("--port", str(port), "--processes", "2", "--once-prepared")
    return Program("web", python("-m", "ospab_panel.server", *options), pool=8)


def others(folder: Path) -> list[Program]:
    """For after the web, for which somebody waits: together they would all start as slowly as the last."""
    celery = ("-m", "celery", "-A", "ospab_panel")
    schedule = ("--schedule", str(folder / "beat"), "--pidfile", "")
    return [
        Program("worker", python(*celery, "worker", "--concurrency", "8", *QUIET)),
        Program("sweeper", python("manage.py", "sweeper")),
        Program("beat", python(*celery, "beat", *schedule, "--loglevel", "WARNING")),
    ]


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]
