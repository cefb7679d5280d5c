"""`make bench WHAT=starting`: how long the web process, a command and the whole of `make run` take to start.

Beside a plain project: Django set up with what its `startproject` installs, the admin and REST framework, on PostgreSQL, and
a WSGI handler, with no code of its own. Fresh processes, in turn; the median counts. `make run` is warm: its database, its
static files and Python's own files are there, and it is measured until it answers.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks import goals
from benchmarks.goals import Goal
from benchmarks.reconcile import panel
from launcher.children import ROOT
from launcher.secrets_file import free_port
from launcher.stack import Stack

PLAIN = """
import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
apps = ["admin", "auth", "contenttypes", "sessions", "messages", "staticfiles"]
settings.configure(
    INSTALLED_APPS=[f"django.contrib.{app}" for app in apps] + ["rest_framework"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"}},
)
get_wsgi_application()
"""
STARTS = {
    "plain": PLAIN,
    "web": "import ospab_panel.asgi",
    "manage.py": "import django; django.setup()",
}
OVER_PLAIN = 4


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.starting", description=__doc__)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with panel() as folder:
        imports = [{name: started(code) for name, code in STARTS.items()} for _ in range(given.times)]
        runs = list(warm(folder / "run", given.runs))
    plain = median(one["plain"][0] for one in imports)
    for name in STARTS:
        seconds, cpu = (median(one[name][at] for one in imports) for at in (0, 1))
        print(f"{name:10} {seconds:.2f} s, {cpu:.2f} s of processor, {seconds / plain:.2f} of plain")
    print(f"make run, warm: {', '.join(f'{seconds:.2f}' for seconds, _ in runs)} s")
    goals.show(
        Goal("starting: make run, warm / plain Django", median(a / b for a, b in runs), at_most=OVER_PLAIN),
    )


def started(code: str) -> tuple[float, float]:
    """Seconds, and seconds of processor, of a process of its own."""
    began, used = time.monotonic(), cpu_of_ended()
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, check=True)
    return time.monotonic() - began, cpu_of_ended() - used


def cpu_of_ended() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def warm(folder: Path, runs: int) -> list[tuple[float, float]]:
    """(until it answers, the plain start beside it). The first one, which makes all that the others find, does not count."""
    for name in ("DATABASE_URL", "REDIS_URL", "STATIC_ROOT"):
        os.environ.pop(name, None)
    found = []
    for _ in range(runs + 1):
        plain, _ = started(PLAIN)
        stack = Stack(folder, free_port())
        began = time.monotonic()
        stack.start()
        found.append((time.monotonic() - began, plain))
        stack.stop()
    return found[1:]


if __name__ == "__main__":
    main()
