"""`manage.py import_vps FILE`: what the main site would push, from a CSV or JSON lines file. For staff."""

import sys
from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from tqdm import tqdm

from vps.management.files import Line, ignored_columns, read
from vps.services import sync
from web.errors import PanelError

AT_ONCE = 1000
KINDS = ("created", "changed", "deleted", "unchanged", "failed")


class Command(BaseCommand):
    help = "Create, update or delete servers as a CSV or JSON lines file says, in the form of POST /api/vps/sync/batch."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("file", type=Path, help="*.csv, with a line of column names, or JSON lines")
        add("--action", choices=["create", "update", "delete"], default="create", help="of a line that names none")
        add("--dry-run", action="store_true", help="print what would change, and change nothing")
        add("--atomic", action="store_true", help="all of it, or nothing where one line fails")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = read_all(options["file"], options["action"])
        if ignored := ignored_columns(options["file"]):
            self.stdout.write(self.style.WARNING(f"Columns ignored: {', '.join(ignored)}"))
        counts = dict.fromkeys(KINDS, 0)
        is_one = options["dry_run"] or options["atomic"]
        with transaction.atomic() if is_one else nullcontext():
            for number, outcome in apply_all(lines):
                counts[kind_of(outcome)] += 1
                self.print_outcome(number, outcome, is_rehearsal=options["dry_run"])
            undone = options["dry_run"] or (options["atomic"] and counts["failed"] > 0)
            if undone:
                transaction.set_rollback(True)
        self.stdout.write(("Nothing was changed. It would be: " if undone else "Done: ") + summary(counts))
        if counts["failed"]:
            raise CommandError(f"{counts['failed']} of {len(lines)} lines failed.")

    def print_outcome(self, number: int, outcome: sync.Outcome, *, is_rehearsal: bool) -> None:
        if isinstance(outcome, PanelError):
            self.stdout.write(self.style.ERROR(f"line {number}: {outcome.code}: {outcome.message}"))
        elif kind_of(outcome) != "unchanged":
            # What is not really created has no number.
            which = "" if is_rehearsal and outcome.is_new else f"#{outcome.row['id']} "
            self.stdout.write(f"line {number}: {kind_of(outcome)} {which}{outcome.row['name']}{changes_of(outcome)}")


def read_all(file: Path, action: str) -> list[Line]:
    try:
        return list(read(file, action))
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} cannot be read: it must be UTF-8. {error}") from error
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error}") from error


def apply_all(lines: list[Line]) -> "list[tuple[int, sync.Outcome]]":
    """A thousand at a time, with a bar on the terminal."""
    done = []
    with tqdm(total=len(lines), unit="line", file=sys.stderr, disable=None) as bar:
        for start in range(0, len(lines), AT_ONCE):
            part = lines[start : start + AT_ONCE]
            outcomes = iter(sync.apply([one for _, one in part if isinstance(one, sync.SyncCommand)]))
            done += [(number, one if isinstance(one, PanelError) else next(outcomes)) for number, one in part]
            bar.update(len(part))
    return done


def kind_of(outcome: sync.Outcome) -> str:
    if isinstance(outcome, PanelError):
        return "failed"
    if outcome.is_new:
        return "created"
    if outcome.is_deletion:
        return "deleted"
    return "changed" if outcome.changes or outcome.is_moved else "unchanged"


def changes_of(result: sync.Result) -> str:
    changes = [f"{name} {was} → {now}" for name, (was, now) in result.changes.items()]
    return f": {', '.join(changes)}" if changes else ""


def summary(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())
