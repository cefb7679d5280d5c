"""What became of the lines of a file, in words for whoever imports it. For the import command."""

from vps.management.files import Line
from vps.models import Vps
from vps.services import sync
from web.errors import PanelError

KINDS = ("created", "changed", "deleted", "unchanged", "failed")
STAYS = "It is there already as #{id} and stays as it is, though {differences}. --action update changes it."
OLDER = "It occurred before what was said of this server last, so nothing was changed."
# They move from one to the next by themselves.
MOVING = {Vps.Status.CREATING, Vps.Status.RUNNING, Vps.Status.STOPPED}


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


def notes_on(line: Line, outcome: sync.Outcome) -> list[str]:
    """What of the line was not taken, or may not be meant."""
    if isinstance(outcome, PanelError) or isinstance(line.asked, PanelError):
        return list(line.warnings)
    older = [] if outcome.is_applied else [OLDER]
    return [*line.warnings, *outcome.warnings, *older, *why_not_created(line.asked, outcome)]


def why_not_created(command: sync.SyncCommand, result: sync.Result) -> list[str]:
    """A second create changes nothing, so a line that was edited since, or has the external_id of another, is told of."""
    if command.action != "create" or result.is_new:
        return []
    there = result.row
    differing = [
        name for name, value in command.columns.items() if there[name] != value and not is_moving(there[name], value)
    ]
    differences = ", ".join(f"{name} is {there[name]!r} and not {command.columns[name]!r}" for name in differing)
    return [STAYS.format(id=there["id"], differences=differences)] if differing else []


def is_moving(there: object, here: object) -> bool:
    return {there, here} <= MOVING


def summary(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())


def printable(text: str) -> str:
    """A file may hold what moves a terminal's cursor."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
