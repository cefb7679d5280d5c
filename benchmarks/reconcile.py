"""`make bench`: rounds of reconcile over a cluster of ten thousand guests, and over a tenth of them.

Everything is real but the cluster: PostgreSQL and Valkey, throwaway, and a simulated Proxmox VE over HTTPS.
"""

import argparse
import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
from django.core.management import call_command

from launcher.stack import servers
from web import garbage

EXAMPLE = Path(__file__).parent.parent / "tests" / "example.env"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.reconcile", description=__doc__)
    parser.add_argument("--guests", type=int, default=10_000)
    count = parser.parse_args().guests
    with panel() as folder:
        # Models are there when Django is.
        from benchmarks import report, rounds
        from benchmarks.stage import Stage
        from ospab_panel.celery import GARBAGE_EVERY

        garbage.collect_seldom(every=GARBAGE_EVERY)
        sizes = []
        for number in (count // 10, count):
            with Stage(folder / str(number), number) as stage:
                sizes.append((number, rounds.all_of(stage)))
                unchanged = rounds.unchanged(stage)
                naive = rounds.naive(stage)
        report.show(sizes, naive)
        report.show_goals(unchanged)


@contextlib.contextmanager
def panel(*, is_throwaway: bool = True) -> Iterator[Path]:
    """Servers, Django and tables, for as long as it lasts. Gives a folder. What is not throwaway is kept through a crash."""
    lines = (line.partition("=") for line in EXAMPLE.read_text().splitlines() if not line.startswith("#"))
    os.environ |= {name: value for name, _, value in lines} | {"LOG_LEVEL": "WARNING", "DB_POOL": "0"}
    for name in ("DATABASE_URL", "REDIS_URL"):
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="ospab-bench-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o755)
        os.environ |= {"DATA_DIR": made, "DJANGO_SETTINGS_MODULE": "ospab_panel.settings"}
        with servers(folder, is_throwaway=is_throwaway) as addresses:
            os.environ |= addresses
            django.setup()
            call_command("migrate", verbosity=0)
            yield folder


if __name__ == "__main__":
    main()
