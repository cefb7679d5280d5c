"""`manage.py import_vps FILE`: what the main site would push, from a CSV or JSON lines file. For staff."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, transaction
from tqdm import tqdm

from vps.management.files import Line, read
from vps.management.outcomes import KINDS, changes_of, kind_of, notes_on, printable, summary
from vps.services import sync
from web.errors import PanelError

AT_ONCE = 1000
STOPPED = "PostgreSQL stopped it: {error}. {outcome}"
ALL_UNDONE = "Nothing was changed."
PART_DONE = "What is told of above is done, the lines below are not: import the same file again."


class Command(BaseCommand):
    help = "Create, update or delete servers as a CSV or JSON lines file says, in the form of POST /api/vps/sync/batch."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("file", type=Path, help="a CSV (*.csv, *.tsv, *.txt), JSON lines (any other name), or - for standard input")
        add("--action", choices=["create", "update", "delete"], default="create", help="of a line that names none")
        add("--dry-run", action="store_true", help="print what would change, and change nothing")
        add("--atomic", action="store_true", help="all of it, or nothing where one line fails")

    def handle(self, *args: Any, **options: Any) -> None:
        contents = read(options["file"], options["action"])
        if contents.ignored:
            self.print_line(f"Columns ignored: {', '.join(contents.ignored)}", self.style.WARNING)
        if not contents.lines:
            self.print_line("The file holds no servers.")
        is_one = options["dry_run"] or options["atomic"]
        try:
            counts, undone = self.apply(contents.lines, is_one=is_one, is_rehearsal=options["dry_run"])
        except Error as error:
            outcome = ALL_UNDONE if is_one else PART_DONE
            raise CommandError(STOPPED.format(error=str(error).partition("\n")[0], outcome=outcome)) from error
        self.print_line(("Nothing was changed. It would be: " if undone else "Done: ") + summary(counts))
        if counts["failed"]:
            raise CommandError(f"{counts['failed']} of {len(contents.lines)} lines failed.")

    def apply(self, lines: list[Line], *, is_one: bool, is_rehearsal: bool) -> tuple[dict[str, int], bool]:
        """How many ended how, and whether all of it was undone."""
        counts = dict.fromkeys(KINDS, 0)
        with transaction.atomic() if is_one else nullcontext():
            for line, outcome in outcomes_of(lines):
                counts[kind_of(outcome)] += 1
                self.report(line, outcome, is_rehearsal=is_rehearsal)
            undone = is_rehearsal or (is_one and counts["failed"] > 0)
            if undone:
                transaction.set_rollback(True)
        return counts, undone

    def report(self, line: Line, outcome: sync.Outcome, *, is_rehearsal: bool) -> None:
        if isinstance(outcome, PanelError):
            self.print_line(f"{line.where}: {outcome.code}: {outcome.message}", self.style.ERROR)
        elif kind_of(outcome) != "unchanged":
            # What is not really created has no number.
            which = "" if is_rehearsal and outcome.is_new else f"#{outcome.row['id']} "
            self.print_line(f"{line.where}: {kind_of(outcome)} {which}{outcome.row['name']}{changes_of(outcome)}")
        for sentence in notes_on(line, outcome):
            self.print_line(f"{line.where}: warning: {sentence}", self.style.WARNING)

    def print_line(self, sentence: str, style: Any = None) -> None:
        self.stdout.write(printable(sentence), style)


def outcomes_of(lines: list[Line]) -> Iterator[tuple[Line, sync.Outcome]]:
    """A thousand at a time, each told of once it is done, with a bar on the terminal."""
    with tqdm(total=len(lines), unit="line", file=sys.stderr, disable=None) as bar:
        for start in range(0, len(lines), AT_ONCE):
            part = lines[start : start + AT_ONCE]
            outcomes = iter(sync.apply([line.asked for line in part if isinstance(line.asked, sync.SyncCommand)]))
            bar.clear()
            for line in part:
                yield line, line.asked if isinstance(line.asked, PanelError) else next(outcomes)
            bar.update(len(part))
