"""The lower an app stands, the less it knows: not even by a name in a string or a comment. Imports are import-linter's."""

import re
from pathlib import Path

import pytest

from launcher.children import ROOT

# What `vps` is about, and what `accounts` is about.
OF_VPS = r"vps|servers?\b(?!_error)|hypervisor|cluster|placement|guest|tombstone|webhook"
OF_ACCOUNTS = r"accounts|main.?site|login|api.?key|jwt|bearer|refresh.token"


def mentions(app: str, words: str) -> list[str]:
    """Lines of the app's code that have one of these words. Migrations name what was there when they were written."""
    files = [path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    assert files
    return [line for path in files for line in lines_with(path, re.compile(words, re.IGNORECASE))]


def lines_with(path: Path, words: re.Pattern[str]) -> list[str]:
    numbered = enumerate(path.read_text().splitlines(), 1)
    return [f"{path.relative_to(ROOT)}:{number}: {line}" for number, line in numbered if words.search(line)]


@pytest.mark.parametrize(
    ("app", "words"), [("accounts", OF_VPS), ("web", f"{OF_VPS}|{OF_ACCOUNTS}")], ids=["accounts", "web"]
)
def test_layers_mention_nothing_of_the_apps_above_them(app: str, words: str) -> None:
    assert mentions(app, words) == []
