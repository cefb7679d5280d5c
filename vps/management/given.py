"""What stands in a line of a file, before anybody asks what it means. csv_lines.py and json_lines.py make it for files.py."""

from dataclasses import dataclass
from io import StringIO
from typing import Any

from web.errors import PanelError


@dataclass(frozen=True)
class Given:
    """An operation of the sync API, unchecked, or why the lines from `first` to `last` are none."""

    first: int
    last: int
    operation: Any | PanelError
    warnings: tuple[str, ...] = ()


def lines_of(text: str) -> StringIO:
    """Line by line, each with its end: a line ends as one of Windows, of Unix or of an old Mac does, and nowhere else."""
    return StringIO(text, newline="")
