"""JSON lines as operations of the sync API, one object a line, read as strictly as a body. For vps.management.files."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError
from rest_framework.exceptions import ParseError

from vps.management.csv_lines import BESIDE
from vps.management.given import Given, lines_of
from web.errors import InvalidInput, PanelError
from web.json_body import loads

WANTED = (
    "The file must be JSON lines, one object a line, and {}. `jq -c {} FILE > NEW` makes it so. Nothing was changed."
)
ARRAY = WANTED.format("is one array", "'.[]'")
SPREAD = WANTED.format("its first object runs over several lines", "'.'")


def operations(text: str) -> Iterator[Given]:
    """Raises CommandError where the file is one value, or each of its values is spread over lines."""
    refuse_other_shape(text)
    for number, line in enumerate(lines_of(text), 1):
        if line.strip():
            yield Given(number, number, operation_of(line))


def operation_of(line: str) -> Any | PanelError:
    """A line has a whole operation, or the `vps` of it alone."""
    try:
        given = loads(line.encode())
    except ParseError as error:
        return InvalidInput(sentence_of(error))
    if not isinstance(given, dict) or "vps" in given:
        return given
    beside = {name: given.pop(name) for name in BESIDE if name in given}
    return beside | {"vps": given}


def sentence_of(error: ParseError) -> str:
    cause = error.__cause__
    where = f" {cause.msg} at character {cause.pos + 1}." if isinstance(cause, json.JSONDecodeError) else ""
    return str(error.detail).replace("The body", "The line") + where


def refuse_other_shape(text: str) -> None:
    text = text.strip()
    first_line = text.partition("\n")[0]
    length = length_of_value(text)
    if text.startswith("[") and (length == len(text) or length_of_value(first_line) is None):
        raise CommandError(ARRAY)
    if text.startswith("{") and length is not None and length > len(first_line):
        raise CommandError(SPREAD)


def length_of_value(text: str) -> int | None:
    """Of the JSON value that the text begins with, or None where it begins with none."""
    try:
        return json.JSONDecoder().raw_decode(text)[1]
    except (ValueError, RecursionError):
        return None
