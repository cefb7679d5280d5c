"""A CSV that is not quite right: what a lenient reader would take somehow is refused, by its lines."""

import csv
from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.vps.management.reading import GOOD, HEAD, Reading, reading
from vps.management.files import read

__all__ = ["reading"]

TAKEN = "create web"


def csv_of(*lines: str, end: str = "\n") -> str:
    return end.join((HEAD, *lines)) + end


@pytest.mark.parametrize("twice", [f"{HEAD},ram", f"{HEAD}, RAM", "id;User ID;user_id;name", 'name\t"name"\tid'])
def test_read_refuses_a_column_that_is_named_twice_before_anything(reading: Reading, twice: str) -> None:
    name = "ram" if "ram,disk" in twice else "user_id" if ";" in twice else "name"
    with pytest.raises(CommandError, match=f"Named twice: {name}. Nothing was changed"):
        reading(f"{twice}\n1{GOOD},4\n")


def test_read_refuses_a_first_line_that_is_no_header(reading: Reading) -> None:
    with pytest.raises(CommandError, match=r"Line 1 must name the columns. None of these is known: 1,5,web"):
        reading(f"1{GOOD}\n2{GOOD}\n")
    with pytest.raises(CommandError, match=r"Line 1 must name the columns. A quote is opened in line 1"):
        reading(f'"{HEAD}\n1{GOOD}\n')


@pytest.mark.parametrize("text", ["", "\n\n", ";;;\n", "\ufeff", "sep=;\n"])
def test_read_refuses_a_table_without_a_header(reading: Reading, text: str) -> None:
    with pytest.raises(CommandError, match="is empty"):
        reading(text)


def test_read_takes_a_header_alone_as_no_servers(reading: Reading) -> None:
    assert reading(HEAD) == reading(csv_of()) == []


def test_read_names_the_lines_that_an_open_quote_swallows_and_goes_on_below(reading: Reading) -> None:
    lines = [f"{n}{GOOD}" for n in range(1, 8)]
    lines[1] = '2,5,"web,2,2048,40,Debian 12'
    lines[4] = '5,5,"Сервер, пятый",2,2048,40,Debian 12'
    found = reading(csv_of(*lines))
    swallowed = "A quote is opened in line 3 and not closed before line 6: a cell cannot hold a line break."
    assert found == [f"line 2: {TAKEN}", f"lines 3 to 6: {swallowed}", f"line 7: {TAKEN}", f"line 8: {TAKEN}"]


def test_read_says_where_a_quote_is_opened_that_is_never_closed(reading: Reading) -> None:
    found = reading(csv_of(f"1{GOOD}", '2,5,"web,2,2048,40,Debian 12', f"3{GOOD}"))
    assert found[1].startswith("lines 3 to 4: A quote is opened in line 3 and never closed")


def test_read_refuses_a_cell_with_a_line_break_by_its_lines(reading: Reading) -> None:
    """Though it is a CSV as it should be: of all columns none may hold one, and a customer may have written the rest of it."""
    found = reading(csv_of('1,5,"web\n2,5,evil,2,2048,40,Debian 12"', '2,5,"we\rb",2,2048,40,Debian 12', f"3{GOOD}"))
    assert [line.partition(":")[0] for line in found] == ["lines 2 to 3", "lines 4 to 5", "line 6"]
    assert "line break" in found[0]
    assert "line break" in found[1]
    assert found[2] == f"line 6: {TAKEN}"


def test_read_refuses_text_behind_a_closing_quote(reading: Reading) -> None:
    found = reading(csv_of('1,5,"we"b,2,2048,40,Debian 12', f"2{GOOD}"))
    assert found[0].startswith("line 2: A cell goes on after its closing quote")
    assert found[1] == f"line 3: {TAKEN}"


def test_read_takes_a_quote_that_is_written_twice_and_one_amid_a_cell_as_one(reading: Reading) -> None:
    found = reading(csv_of('1,5,"we""b",2,2048,40,Debian 12', '2,5,we"b,2,2048,40,Debian 12'))
    assert found == ['line 2: create we"b', 'line 3: create we"b']


def test_read_refuses_a_cell_that_is_too_long_and_goes_on_below(reading: Reading) -> None:
    found = reading(csv_of(f"1,5,{'x' * (csv.field_size_limit() + 1)},2,2048,40,Debian 12", f"2{GOOD}"))
    assert found == ["line 2: A cell is longer than 131072 characters.", f"line 3: {TAKEN}"]


def test_read_passes_over_rows_that_are_empty_but_for_separators_and_blanks(reading: Reading) -> None:
    semicolons = HEAD.replace(",", ";")
    text = f"{semicolons}\n;;;;;;\n ; ;;;;;\n\n;;;;;;;;;;;\n1{GOOD.replace(',', ';')}\n\t\n"
    assert reading(text) == [f"line 6: {TAKEN}"]


@pytest.mark.parametrize(("line", "cells"), [(f"1{GOOD},", 8), (f"1{GOOD},x", 8), ("1,5,web,2,2048,40", 6), ("1", 1)])
def test_read_refuses_a_line_of_more_or_fewer_cells_than_the_header(reading: Reading, line: str, cells: int) -> None:
    found = reading(csv_of(line, f"2{GOOD}"))
    assert found == [f"line 2: The line has {cells} cells, and the header has 7.", f"line 3: {TAKEN}"]


def test_read_refuses_what_stands_in_a_column_without_a_name(reading: Reading) -> None:
    found = reading(f"{HEAD},,\n1{GOOD},,\n2{GOOD},,x\n")
    assert found == [f"line 2: {TAKEN}", "line 3: 'x' stands in a column that has no name."]


def test_read_refuses_a_nul_in_any_column(reading: Reading) -> None:
    found = reading(f"{HEAD},comment\n1{GOOD},\0\n2{GOOD},x\n")
    assert found == ["line 2: The line holds a NUL character, so the file is damaged.", f"line 3: {TAKEN}"]


@pytest.mark.parametrize("number", ["two", "4 096", "4,5", "-4", "4.0", "٤", "9" * 5000])
def test_read_says_what_a_cell_holds_that_is_no_whole_number(reading: Reading, number: str) -> None:
    (found,) = reading(csv_of(f'1,5,web,"{number}",2048,40,Debian 12'))
    assert found == f"line 2: Invalid request: vps.cpu: Must be a whole number, and is {number[:40]!r}."


def test_read_refuses_a_number_out_of_range_as_the_api_does(reading: Reading) -> None:
    assert "vps.cpu: Must be from 1 to 1024" in reading(csv_of("1,5,web,999999999999999999,2048,40,Debian 12"))[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["servers.csv", "servers.txt", "SERVERS.TSV"])
def test_read_finds_out_what_separates_cells_and_lines(reading: Reading, delimiter: str, end: str, name: str) -> None:
    text = csv_of(f"1{GOOD}", f"2{GOOD}", end=end).replace(",", delimiter)
    assert reading(text, name) == [f"line 2: {TAKEN}", f"line 3: {TAKEN}"]


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "sep=|", "\ufeffsep=;"])
def test_read_obeys_the_line_by_which_excel_names_the_separator(reading: Reading, first: str) -> None:
    delimiter = first.strip('"')[-1]
    text = f"{first}\r\n" + csv_of(f"1{GOOD}").replace(",", delimiter)
    assert reading(text) == [f"line 3: {TAKEN}"]


def test_read_knows_columns_in_any_case_with_blanks_and_quotes(reading: Reading) -> None:
    text = f' External ID ,"User_ID",NAME,Cpu,RAM ,disk,OS\n1{GOOD}\n'
    assert reading(text) == [f"line 2: {TAKEN}"]


def test_read_passes_over_blanks_around_words_and_numbers_and_keeps_those_of_names(reading: Reading) -> None:
    text = f"{HEAD},status,action\n1,5, we b ,2 , 2048,40,Debian 12, running , create \n"
    assert reading(text) == ["line 2: create  we b "]


def test_read_takes_an_apostrophe_away_where_it_keeps_a_cell_from_being_a_formula(reading: Reading) -> None:
    names = ["'=1+1", "''=1+1", "'@web", "'web'", "''web", "=1+1"]
    found = reading(csv_of(*(f"{n},5,{name},2,2048,40,Debian 12" for n, name in enumerate(names))))
    assert [line.partition("create ")[2] for line in found] == ["=1+1", "'=1+1", "@web", "'web'", "''web", "=1+1"]


@pytest.mark.parametrize("number", ["1,23457E+19", "1.23457E+19"])
def test_read_warns_of_an_external_id_that_a_spreadsheet_has_rounded(tmp_path: Path, number: str) -> None:
    file = tmp_path / "servers.csv"
    file.write_text(csv_of(f'"{number}"{GOOD}', f"2{GOOD}"))
    first, second = read(file, "create").lines
    assert "a spreadsheet has rounded" in first.warnings[0]
    assert second.warnings == ()
