"""Hypothesis looks for a text that a cell does not bring back, and for one that a spreadsheet would compute."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vps.management.csv_records import records_of
from web.spreadsheet import BOM, DELIMITERS, as_text, harmless, whole

# The same each time, and no slower machine fails it.
CALM = settings(deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
# As spreadsheets begin a formula, or take the sign away and look again.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
TEXTS = st.text(st.sampled_from("'=+-@＝\t\r\n \";,aЖ") | st.characters(exclude_categories=["Cs"]), max_size=12)
# What names may hold: no line break and no other control.
NAMES = st.text(
    st.sampled_from("'=+-@＝ \";,aЖ") | st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=20
)


@CALM
@given(TEXTS)
@example("a'=b")
@example("'=b")
def test_whole_gives_back_what_harmless_was_given(text: str) -> None:
    assert whole(harmless(text)) == text


@CALM
@given(TEXTS)
@example(" =1+1")
def test_harmless_leaves_nothing_that_a_spreadsheet_computes(text: str) -> None:
    assert not harmless(text).lstrip(" \xa0\u3000").startswith(DANGEROUS)


@pytest.mark.parametrize("text", ["web", "'web'", "", "1+1", "a=b", "Сервер", '"="'])
def test_harmless_leaves_a_text_alone_that_is_no_formula(text: str) -> None:
    assert harmless(text) == whole(text) == text


@pytest.mark.parametrize("delimiter", DELIMITERS)
@CALM
@given(rows=st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=4))
@example(rows=[("=1+1", "'=1+1"), ("''=1+1", "'"), (";", ","), ("\t", '"')])
def test_as_text_is_read_back_whole(delimiter: str, rows: list[tuple[str, str]]) -> None:
    text = "".join(as_text([("id", "name", "os"), *((n, *row) for n, row in enumerate(rows))], DELIMITERS[delimiter]))
    head, *records = records_of(text.removeprefix(BOM), {"id", "name", "os"}.__contains__)
    assert head.cells == ["id", "name", "os"]
    assert [tuple(map(whole, record.cells[1:])) for record in records] == rows
