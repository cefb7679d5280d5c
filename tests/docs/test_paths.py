"""Whatever file a document names is there: by its whole path, by its path in vps/, or by the end of one."""

import re
from pathlib import PurePath

import pytest

from launcher.children import ROOT
from tests.docs.blocks import without_code

PAGES = ("docs/architecture.md", "docs/reliability.md", "CONTRIBUTING.md")
# What stands between backticks and is a path: it ends as a file of ours does, or as a folder.
PATH = re.compile(r"`(?P<path>[\w.][\w./*-]*(?:\.(?:py|sql|html|mjs)|/))`")
FOLDERS = (
    "vps",
    "accounts",
    "web",
    "ospab_panel",
    "launcher",
    "simulator",
    "benchmarks",
    "clients",
    "tests",
    "templates",
)


def paths_in(text: str) -> list[str]:
    return [found["path"] for found in PATH.finditer(text)]


def is_there(path: str) -> bool:
    if any(list((ROOT / folder).glob(path)) for folder in (".", "vps")):
        return True
    return any(PurePath(file).match(f"**/{path}") for folder in FOLDERS for file in (ROOT / folder).rglob("*"))


@pytest.mark.parametrize("page", PAGES)
def test_documents_name_files_that_are_there(page: str) -> None:
    paths = paths_in(without_code(ROOT / page))
    assert paths
    assert [path for path in dict.fromkeys(paths) if not is_there(path)] == []


def test_paths_in_finds_files_and_folders_and_no_address() -> None:
    text = "`begin.py`, `models/webhook_*.py`, `services/`, `/ws/pages`, `POST /api/x/`, `why_unbound`, `reach.py`"
    assert paths_in(text) == ["begin.py", "models/webhook_*.py", "services/", "reach.py"]
    assert [path for path in paths_in(text) if not is_there(path)] == ["reach.py"]
