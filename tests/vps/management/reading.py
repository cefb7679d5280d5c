"""A file with this text, as import_vps reads it: what each line asks, in words."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vps.management.files import Line, read
from web.errors import PanelError

Reading = Callable[..., list[str]]
HEAD = "external_id,user_id,name,cpu,ram,disk,os"
GOOD = ",5,web,2,2048,40,Debian 12"


def in_words(line: Line) -> str:
    """`line 2: create web`, or `line 2: <why it asks nothing>`."""
    asked = line.asked
    words = str(asked.message) if isinstance(asked, PanelError) else f"{asked.action} {asked.columns.get('name', '')}"
    return f"{line.where}: {words}"


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    def read_text(text: str | bytes, name: str = "servers.csv", action: str = "create") -> list[str]:
        file = tmp_path / name
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return [in_words(line) for line in read(file, action).lines]

    return read_text
