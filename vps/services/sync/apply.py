"""The one way by which sync commands take effect: all of them in one transaction, each by itself or all or none."""

from django.db import transaction

from vps.errors import NotApplied
from vps.services.sync.actions import ACTIONS
from vps.services.sync.batch import Batch
from vps.services.sync.commands import Outcome, Result, SyncCommand
from vps.services.sync.read import read_batch
from vps.services.sync.write import write
from web.errors import PanelError


def apply(commands: list[SyncCommand], *, is_atomic: bool = False) -> list[Outcome]:
    """The outcome of each command, in their order; a later command sees what an earlier one did.

    With `is_atomic` the first command that fails undoes all: its outcome says why, and all others are NotApplied.
    """
    with transaction.atomic():
        batch = read_batch(commands)
        outcomes = [outcome_of(batch, command) for command in commands]
        failed = [outcome for outcome in outcomes if isinstance(outcome, PanelError)]
        if failed and is_atomic:
            transaction.set_rollback(True)
            return [outcome if outcome is failed[0] else NotApplied() for outcome in outcomes]
        write(batch)
    return outcomes


@transaction.atomic
def apply_one(command: SyncCommand) -> Result:
    """Raises the PanelError that refuses the command, with nothing written."""
    batch = read_batch([command])
    result = ACTIONS[command.action](batch, command)
    write(batch)
    return result


def outcome_of(batch: Batch, command: SyncCommand) -> Outcome:
    try:
        return ACTIONS[command.action](batch, command)
    except PanelError as error:
        return error
