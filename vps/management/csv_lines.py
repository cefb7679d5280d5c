"""The lines of a CSV as operations of the sync API, by the names of its columns. For vps.management.files.

Nothing is guessed: a line whose cells and columns do not match has lost some or gained some, and is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError
from rest_framework.serializers import BaseSerializer

from vps.api.commands import VpsInput
from vps.management.csv_records import Record, records_of
from vps.management.given import Given
from web.errors import InvalidInput, PanelError, invalid
from web.spreadsheet import whole

PLACEMENT = ("cluster", "node", "vmid", "kind")
BESIDE = ("action", "occurred_at")
# What an export has beside these.
EXPORTED = {"created_at", "updated_at"}
IN_ONE_CELL = {name for name, field in VpsInput().fields.items() if not isinstance(field, BaseSerializer)}
TAKEN = IN_ONE_CELL | {*PLACEMENT, *BESIDE}
NUMBERS = {"id", "user_id", "cpu", "ram", "disk", "vmid"}
NUMBER = re.compile(r"[0-9]{1,18}")
# Blanks at their ends may be meant.
TEXTS = {"name", "os", "external_id"}
ROUNDED = re.compile(r"[0-9][.,][0-9]+E\+[0-9]+")
WAS_ROUNDED = "vps.external_id: {!r} looks like a long number that a spreadsheet has rounded."


@dataclass(frozen=True)
class Table:
    """The names of its columns, one for each cell of a line, and the lines below."""

    names: list[str]
    records: Iterator[Record]

    @classmethod
    def of(cls, text: str) -> "Table":
        """Raises CommandError where the first line is no header."""
        records = records_of(text, lambda name: normalised(name) in TAKEN | EXPORTED)
        head = next(records, None)
        if head is None:
            raise CommandError("The file is empty: its first line must name the columns. Nothing was changed.")
        if fault := head.fault or fault_of_names(head.cells):
            raise CommandError(f"Line {head.first} must name the columns. {fault} Nothing was changed.")
        return cls([normalised(name) for name in head.cells], records)

    @property
    def ignored(self) -> list[str]:
        """Columns that nothing is taken from: a name that was misspelt says nothing."""
        return [name for name in self.names if name and name not in TAKEN | EXPORTED]

    def operations(self) -> Iterator[Given]:
        for record in self.records:
            if fault := record.fault or self.fault_of(record.cells):
                yield Given(record.first, record.last, InvalidInput(fault))
            else:
                cells = filled_cells(dict(zip(self.names, map(whole, record.cells), strict=True)))
                yield Given(record.first, record.last, operation_of(cells), warnings_of(cells))

    def fault_of(self, cells: list[str]) -> str:
        """A sentence, or ''."""
        if len(cells) != len(self.names):
            return f"The line has {len(cells)} cells, and the header has {len(self.names)}."
        if any("\0" in cell for cell in cells):
            return "The line holds a NUL character, so the file is damaged."
        if nameless := [cell for name, cell in zip(self.names, cells, strict=True) if not name and cell.strip()]:
            return f"{nameless[0]!r} stands in a column that has no name."
        return ""


def normalised(name: str) -> str:
    """As people write a column's name, in any case of letters: `User ID` is user_id."""
    return "_".join(name.strip('"').casefold().split())


def fault_of_names(cells: list[str]) -> str:
    """A sentence, or ''."""
    names = [normalised(cell) for cell in cells]
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        return f"Named twice: {', '.join(twice)}."
    return "" if TAKEN & set(names) else f"None of these is known: {', '.join(cells)[:200]}."


def filled_cells(cells: dict[str, str]) -> dict[str, str]:
    """An empty cell says nothing."""
    known = {name: text if name in TEXTS else text.strip() for name, text in cells.items() if name in TAKEN}
    return {name: text for name, text in known.items() if text}


def operation_of(cells: dict[str, str]) -> dict[str, Any] | PanelError:
    wrong = {name for name in NUMBERS & set(cells) if not NUMBER.fullmatch(cells[name])}
    if wrong:
        return invalid(
            {path_of(name): f"Must be a whole number, and is {cells[name][:40]!r}." for name in sorted(wrong)}
        )
    values: dict[str, Any] = {name: int(text) if name in NUMBERS else text for name, text in cells.items()}
    beside = {name: values.pop(name) for name in BESIDE if name in values}
    placement = {name: values.pop(name) for name in PLACEMENT if name in values}
    return beside | {"vps": values | ({"placement": placement} if placement else {})}


def path_of(name: str) -> str:
    return f"vps.placement.{name}" if name in PLACEMENT else f"vps.{name}"


def warnings_of(cells: dict[str, str]) -> tuple[str, ...]:
    external_id = cells.get("external_id", "")
    return (WAS_ROUNDED.format(external_id),) if ROUNDED.fullmatch(external_id) else ()
