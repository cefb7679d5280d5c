"""CSV as spreadsheets have it, where the comma stands in numbers: for what writes one, and for what reads one back."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language

BOM = "\ufeff"
DELIMITERS = {"semicolon": ";", "comma": ",", "tab": "\t"}
# What a spreadsheet would take for a formula, and what an apostrophe keeps from being one. Full-width signs count in
# some languages, and blanks in front are passed over by some programs.
FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠\t\r\n]")
ESCAPED = re.compile(rf"'(?={FORMULA.pattern})")


def harmless(text: str) -> str:
    """The text of a cell that no spreadsheet computes. `whole` gives back what it was, whatever it was."""
    return f"'{text}" if FORMULA.match(text) else text


def whole(cell: str) -> str:
    """An apostrophe is taken away where `harmless` would have put it, and nowhere else."""
    return ESCAPED.sub("", cell, count=1) if ESCAPED.match(cell) else cell


def as_text(rows: Iterable[Iterable[Any]], delimiter: str) -> Iterator[str]:
    """The file, line by line. It begins with a BOM: by that alone does Excel know a CSV for UTF-8."""
    writer = csv.writer(Passing(), delimiter=delimiter, lineterminator="\r\n")
    yield BOM
    for row in rows:
        yield writer.writerow("" if value is None else harmless(str(value)) for value in row)


def download(rows: Iterable[Iterable[Any]], name: str) -> HttpResponse:
    """The file, as spreadsheets of the reader's language open it."""
    delimiter = DELIMITERS["semicolon" if get_language() == "ru" else "comma"]
    answer = HttpResponse("".join(as_text(rows, delimiter)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


class Passing:
    """A file that keeps nothing: whoever writes is given what was written."""

    def write(self, line: str) -> str:
        return line
