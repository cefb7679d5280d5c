"""Files that staff hold of the main site's servers, CSV or JSON lines, as sync commands. For the import command."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from vps.api.commands import COLUMNS, command_of
from vps.services import sync
from web.errors import InvalidInput, PanelError

WHOLE_NUMBERS = {"id", "user_id", "cpu", "ram", "disk", "vmid"}
PLACEMENT = {"cluster", "node", "vmid", "kind"}
BESIDE = {"action", "occurred_at"}
# What an export has beside these.
EXPORTED = {"created_at", "updated_at"}
ID_IN_CREATE = "This line has an id, so its server is there already: it would be created a second time."
Line = tuple[int, sync.SyncCommand | PanelError]


def read(path: Path, default_action: str) -> Iterator[Line]:
    """Each line's number and its command, or why it is none. A line that names no action gets the default.

    A JSON line is an operation of the sync API, or its `vps` alone; the columns of a CSV are those of both, and of
    `placement`, and an empty cell says nothing.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        given = of_csv(file) if path.suffix.lower() == ".csv" else of_json(file)
        for number, operation in given:
            yield number, parsed(operation, default_action)


def of_json(file: TextIO) -> Iterator[tuple[int, Any]]:
    for number, text in enumerate(file, 1):
        if text.strip():
            yield number, json_or_none(text)


def json_or_none(text: str) -> Any:
    try:
        given = json.loads(text)
    except ValueError:
        return None
    is_row = isinstance(given, dict) and "vps" not in given
    return {"vps": given} if is_row else given


def of_csv(file: TextIO) -> Iterator[tuple[int, Any]]:
    rows = reader(file)
    for row in rows:
        cells = {name.strip(): typed(name.strip(), text) for name, text in row.items() if name and text}
        beside = {name: cells.pop(name) for name in BESIDE & set(cells)}
        placement = {name: cells.pop(name) for name in PLACEMENT & set(cells)}
        yield rows.line_num, beside | {"vps": cells | ({"placement": placement} if placement else {})}


def reader(file: TextIO) -> "csv.DictReader[str]":
    """Spreadsheets put a semicolon between cells where the comma stands in numbers, as in Russia."""
    head = file.readline()
    file.seek(0)
    return csv.DictReader(file, delimiter=";" if ";" in head else ",")


def ignored_columns(path: Path) -> list[str]:
    """Those of a CSV that nothing is taken from: a name that was misspelt says nothing."""
    if path.suffix.lower() != ".csv":
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = [name.strip() for name in reader(file).fieldnames or []]
    return [name for name in names if name not in COLUMNS | PLACEMENT | BESIDE | EXPORTED]


def typed(name: str, text: str) -> Any:
    """What is no number stays a text, and is refused by name as such."""
    is_number = name in WHOLE_NUMBERS and text.strip().isascii() and text.strip().isdigit()
    return int(text) if is_number else text


def parsed(operation: Any, default_action: str) -> sync.SyncCommand | PanelError:
    if operation is None:
        return InvalidInput("This line is not valid JSON.")
    try:
        given = {"action": default_action} | operation if isinstance(operation, dict) else operation
        command = command_of(given)
    except PanelError as error:
        return error
    return InvalidInput(ID_IN_CREATE) if command.action == "create" and "id" in given["vps"] else command
