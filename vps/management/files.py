"""Files that staff hold of the main site's servers, CSV or JSON lines, as sync commands. For the import command."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vps.api.commands import COLUMNS, TAKEN, command_of, warnings_of
from vps.management import json_lines
from vps.management.csv_lines import EXPORTED, Table
from vps.management.given import Given
from vps.management.text_file import STANDARD_INPUT, text_of
from vps.services import sync
from web.errors import InvalidInput, PanelError

TABLES = {".csv", ".tsv", ".txt"}
ID_IN_CREATE = "This line has an id, so its server is there already: it would be created a second time."


@dataclass(frozen=True)
class Line:
    """What a line asks, or why it asks nothing; `warnings` are sentences on what of it is ignored."""

    where: str
    asked: sync.SyncCommand | PanelError
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contents:
    """`ignored` are the columns of a table that nothing is taken from."""

    lines: list[Line]
    ignored: list[str]


def read(path: Path, default_action: str) -> Contents:
    """A line that names no action gets the default. Raises CommandError, of a file that cannot be read at all.

    A JSON line is an operation of the sync API, or its `vps` alone; the columns of a CSV are those of both, and of
    `placement`, and an empty cell says nothing.
    """
    text = text_of(path)
    if not is_table(path, text):
        return Contents(list(asked(json_lines.operations(text), default_action)), [])
    table = Table.of(text)
    return Contents(list(asked(table.operations(), default_action)), table.ignored)


def is_table(path: Path, text: str) -> bool:
    """By its name; what comes by the standard input has none, and no header begins as JSON does."""
    return not text.lstrip().startswith(("{", "[")) if str(path) == STANDARD_INPUT else path.suffix.lower() in TABLES


def asked(given: Iterator[Given], default_action: str) -> Iterator[Line]:
    for one in given:
        where = f"line {one.first}" if one.first == one.last else f"lines {one.first} to {one.last}"
        yield line_of(where, one, default_action)


def line_of(where: str, given: Given, default_action: str) -> Line:
    if isinstance(given.operation, PanelError):
        return Line(where, given.operation)
    operation = {"action": default_action} | given.operation if isinstance(given.operation, dict) else given.operation
    try:
        command = command_of(operation)
    except PanelError as error:
        return Line(where, error, given.warnings)
    if command.action == "create" and "id" in operation["vps"]:
        return Line(where, InvalidInput(ID_IN_CREATE), given.warnings)
    return Line(where, command, (*given.warnings, *unknown(operation)))


def unknown(operation: dict[str, Any]) -> list[str]:
    """A sentence for each key that means nothing in any line. What an export has, and the action has no use for, may stand."""
    idle = EXPORTED | (COLUMNS - TAKEN[operation["action"]])
    return warnings_of(
        operation | {"vps": {name: value for name, value in operation["vps"].items() if name not in idle}}
    )
