"""Rows that nobody waits for: in one statement and in order, and kept for a database that is away."""

import logging
import subprocess
import sys
from typing import Any

import pytest
from django.db import OperationalError

from launcher.children import ROOT
from tests.simulated import wait_for
from web import write_behind
from web.write_behind import WriteBehind


class Table:
    """What was written, a list a statement; while it is away nothing is."""

    def __init__(self) -> None:
        self.statements: list[list[int]] = []
        self.is_away = False

    def write(self, rows: list[int]) -> None:
        if self.is_away:
            raise OperationalError("away")
        self.statements.append(rows)


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def behind(table: Table) -> WriteBehind:
    return WriteBehind(logging.getLogger("test"), table.write)


def test_write_behind_writes_at_once_where_nobody_has_started_it(table: Table, behind: WriteBehind) -> None:
    behind.add(1)
    behind.add(2)
    assert table.statements == [[1], [2]]


def test_write_behind_writes_what_came_within_a_moment_in_one_statement(table: Table, behind: WriteBehind) -> None:
    behind.within_s = 0.1
    behind.start()
    for row in range(500):
        behind.add(row)
    wait_for(lambda: sum(map(len, table.statements)) == 500, what="all rows")
    assert [row for rows in table.statements for row in rows] == list(range(500))
    assert len(table.statements) < 10


def test_write_behind_writes_at_once_what_presses_and_all_that_came_before(table: Table, behind: WriteBehind) -> None:
    behind.within_s = 3600
    behind.start()
    behind.add(1)
    behind.add(2, presses=True)
    wait_for(lambda: table.statements == [[1, 2]], what="both rows")
    behind.add(3)
    assert len(table.statements) == 1
    behind.add(4, presses=True)
    wait_for(lambda: table.statements[1:] == [[3, 4]], what="those that came later")


def test_write_behind_keeps_rows_in_order_for_a_database_that_is_away(
    table: Table, behind: WriteBehind, monkeypatch: Any, caplog: Any
) -> None:
    behind.within_s = 3600
    monkeypatch.setattr(write_behind, "MOST_KEPT", 3)
    behind.start()
    table.is_away = True
    for row in (1, 2):
        behind.add(row)
    behind.flush()
    table.is_away = False
    behind.add(3)
    behind.flush()
    assert table.statements == [[1, 2, 3]]
    assert "rows that were not stored yet: 2" in caplog.text


def test_write_behind_keeps_no_more_than_it_may(
    table: Table, behind: WriteBehind, monkeypatch: Any, caplog: Any
) -> None:
    behind.within_s = 3600
    monkeypatch.setattr(write_behind, "MOST_KEPT", 3)
    behind.start()
    table.is_away = True
    for row in range(4):
        behind.add(row)
    behind.flush()
    table.is_away = False
    behind.flush()
    assert table.statements == []
    assert "rows that were not stored: 4" in caplog.text


PROGRAM = """
import logging
import subprocess
import sys
from web.write_behind import WriteBehind
behind = WriteBehind(logging.getLogger("test"), print)
behind.start()
behind.add("the last one")
"""


def test_write_behind_writes_what_it_holds_as_its_process_ends() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "['the last one']\n"


def test_write_behind_goes_on_after_what_nobody_foresaw(caplog: Any) -> None:
    written: list[int] = []

    def write(rows: list[int]) -> None:
        if 0 in rows:
            raise ZeroDivisionError
        written.extend(rows)

    behind = WriteBehind(logging.getLogger("test"), write, within_s=0)
    behind.start()
    behind.add(0)
    wait_for(lambda: "lost, as it could not be written: 1" in caplog.text, what="the line of the log")
    behind.add(1)
    wait_for(lambda: written == [1], what="the row after it")
