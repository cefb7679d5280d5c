"""What `make mutate` breaks is there, and each promise of docs/reliability.md that has a row has a line that is broken."""

from pathlib import Path

import pytest

from tests.mutate.table import MUTATIONS, Mutation

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs/reliability.md").read_text()
# To each section how many of its first cells name a row.
TABLES = {"Who enforces what": 1, "What the main site can rely on": 1, "Who may try how often": 2}


def rows() -> list[str]:
    found = []
    for title, cells in TABLES.items():
        section = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
        found += [", ".join(cell.strip() for cell in line.strip("|").split("|")[:cells]) for line in lines]
    return found


@pytest.mark.parametrize("promise", rows())
def test_mutations_break_every_promise_that_has_a_row(promise: str) -> None:
    assert promise in {mutation.promise for mutation in MUTATIONS}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[f"{one.file}: {one.broken}" for one in MUTATIONS])
def test_mutations_are_of_lines_that_occur_once(mutation: Mutation) -> None:
    assert mutation.promise in [*rows(), mutation.promise if mutation.promise in TEXT else ""]
    assert (ROOT / mutation.file).read_text().count(mutation.line) == 1
    assert mutation.line != mutation.broken
    assert [test for test in mutation.tests if not (ROOT / test).exists()] == []
