"""The cells of a CSV, line by line, whatever separates them. For vps.management.csv_lines.

A record is one line: no column may hold a line break, so a quoted cell that has one comes of a quote that was forgotten, and
what it swallowed would be gone without a word. Reading goes on in the line below.
"""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vps.management.given import lines_of
from web.spreadsheet import DELIMITERS

# Excel begins a file so, and takes it for no line of the table.
SEPARATOR = re.compile(r'"?sep=([;,\t|])"?(?=[\r\n]|\Z)', re.IGNORECASE)
BLANK = " ;,\t\r\n"
NOT_CLOSED = "A quote is opened in line {first} and never closed: the rest of the file would be one cell."
SWALLOWED = "A quote is opened in line {first} and not closed before line {last}: a cell cannot hold a line break."
AFTER_QUOTE = "A cell goes on after its closing quote: within a cell, a quote is written twice."
TOO_LONG = f"A cell is longer than {csv.field_size_limit()} characters."


@dataclass(frozen=True)
class Record:
    """The cells of a line; or, of the lines from `first` to `last`, what is wrong with them."""

    first: int
    last: int
    cells: list[str]
    fault: str = ""

    @property
    def is_empty(self) -> bool:
        """Spreadsheets write an empty row as its separators."""
        return not self.fault and not any(cell.strip() for cell in self.cells)


def records_of(text: str, is_column: Callable[[str], bool]) -> Iterator[Record]:
    """Those that hold anything, the header first. The separator is the one that parts the most names of columns."""
    if named := SEPARATOR.match(text):
        return filled(text[named.end() :], named[1])
    head = next((line for line in lines_of(text) if line.strip(BLANK)), "")
    columns = {delimiter: sum(map(is_column, head.split(delimiter))) for delimiter in DELIMITERS.values()}
    return filled(text, max(columns, key=lambda delimiter: columns[delimiter]))


def filled(text: str, delimiter: str) -> Iterator[Record]:
    return (record for record in split(text, delimiter) if not record.is_empty)


def split(text: str, delimiter: str) -> Iterator[Record]:
    reader = csv.reader(lines_of(text), delimiter=delimiter, strict=True)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(first, reader.line_num, [], fault_of(str(error), first, reader.line_num))
            continue
        fault = SWALLOWED if reader.line_num > first else ""
        yield Record(first, reader.line_num, cells, fault.format(first=first, last=reader.line_num))


def fault_of(error: str, first: int, last: int) -> str:
    """In words for people who have never heard of a reader's states."""
    if "end of data" in error:
        return NOT_CLOSED.format(first=first)
    if last > first:
        return SWALLOWED.format(first=first, last=last)
    return TOO_LONG if "limit" in error else AFTER_QUOTE
