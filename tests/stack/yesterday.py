"""The running panel's database as it was: a copy by pg_dump, and the way back by psql. For tests of what follows from it."""

import os
import subprocess
from pathlib import Path
from typing import Any

from launcher.postgres import reachable_binaries, reachable_home, unprivileged

ALL_TABLES = (
    "SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"
)


class Copy:
    """Of the data and of the positions of sequences, which run again after the way back: numbers are given a second time."""

    def __init__(self, panel: Any, folder: Path) -> None:
        user = unprivileged() if os.geteuid() == 0 else None
        self.binaries = reachable_binaries(reachable_home(folder, user), user)
        self.url = panel.run.environment["DATABASE_URL"]
        with panel.database() as database:
            (self.tables,) = database.execute(ALL_TABLES).fetchone()
        self.data = self.run("pg_dump", "--data-only")

    def restore(self) -> None:
        """In one transaction, under the feet of whoever is connected."""
        self.run("psql", "-q", "-1", "-v", "ON_ERROR_STOP=1", stdin=f"TRUNCATE {self.tables};\n{self.data}")

    def run(self, name: str, *options: str, stdin: str = "") -> str:
        command = [str(self.binaries / name), "-d", self.url, *options]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout
