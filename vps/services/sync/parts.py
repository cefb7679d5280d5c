"""A batch that is too long to be held at once: as services.sync.apply, in one transaction, but read and written in parts.

What all of its commands need is claimed and locked before the first of them, in the order that read.py keeps.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.db import transaction

from vps.services.sync.apply import outcome_of
from vps.services.sync.batch import Batch
from vps.services.sync.commands import Outcome, SyncCommand
from vps.services.sync.needs import Needs
from vps.services.sync.read import ids_of_part, lock_batch, read_rows
from vps.services.sync.write import frees, write_part
from web.errors import PanelError
from web.statements import Ahead, run


class Part(NamedTuple):
    """`report` is given the outcome of each command, in their order, while the database writes what they changed."""

    commands: list[SyncCommand]
    report: Callable[[list[Outcome]], object]


class Failure(NamedTuple):
    """The first command that failed, by where it stands among all of them, and why."""

    at: int
    error: PanelError


def apply_in_parts(needs: Needs, parts: Iterable[Part], *, is_atomic: bool = False) -> Failure | None:
    """`needs` are those of all commands. With `is_atomic` the first that fails undoes all, and is given back."""
    first = 0
    with transaction.atomic(), Ahead() as ahead:
        batch = lock_batch(needs)
        for part in parts:
            outcomes = applied(batch, part.commands, ahead)
            if is_atomic and (failure := first_failure(outcomes, first)):
                transaction.set_rollback(True)
                return failure
            write_part(batch, ahead.send)
            part.report(outcomes)
            first += len(outcomes)
            batch = batch.following(deletes=needs.has_deletions)
        ahead.finish()
        run(frees(batch), is_last=True)
    return None


def applied(batch: Batch, commands: list[SyncCommand], ahead: Ahead) -> list[Outcome]:
    """What they need to know is read only once the part before is written."""
    needs = Needs.of(commands)
    ids = ids_of_part(batch, needs)
    if ids or needs.guests:
        ahead.finish()
        read_rows(batch, needs, ids)
    outcomes = [outcome_of(batch, command) for command in commands]
    ahead.finish()
    return outcomes


def first_failure(outcomes: list[Outcome], first: int) -> Failure | None:
    found = ((at, one) for at, one in enumerate(outcomes, first) if isinstance(one, PanelError))
    return next((Failure(at, error) for at, error in found), None)
