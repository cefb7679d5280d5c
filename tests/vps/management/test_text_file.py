"""A file that is no UTF-8 text is told of as what it is, with what to do; and one that cannot be read at all."""

from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.vps.management.reading import GOOD, HEAD, Reading, reading
from vps.management.files import read

__all__ = ["reading"]

TEXT = f"{HEAD}\n1{GOOD}\n2{GOOD.replace('web', 'Сервер № 2 «ёж»')}\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_read_says_that_a_file_is_utf_16(reading: Reading, encoding: str) -> None:
    with pytest.raises(CommandError, match=r"must be UTF-8, and looks like UTF-16.*Save it as CSV UTF-8 in Excel"):
        reading(TEXT.encode(encoding))


def test_read_says_that_a_file_is_windows_1251_and_in_which_line_that_shows(reading: Reading) -> None:
    with pytest.raises(CommandError, match=r"must be UTF-8: line 3 looks like Windows-1251.*iconv -f cp1251 -t utf-8"):
        reading(TEXT.encode("cp1251"))


def test_read_says_in_which_line_bytes_are_damaged(reading: Reading) -> None:
    with pytest.raises(CommandError, match="must be UTF-8: line 2 has bytes that are none"):
        reading(TEXT.encode().replace(b"web", b"w\xd0b"))


@pytest.mark.parametrize(("beginning", "kind"), [(b"PK\x03\x04", "xlsx"), (b"\xd0\xcf\x11\xe0\xa1\xb1", "xls")])
def test_read_says_that_a_file_is_a_workbook(reading: Reading, beginning: bytes, kind: str) -> None:
    with pytest.raises(CommandError, match=f"looks like a workbook .{kind}"):
        reading(beginning + b"\0\1\2\xff" * 50)


def test_read_takes_utf_8_with_and_without_a_bom(reading: Reading) -> None:
    expected = ["line 2: create web", "line 3: create Сервер № 2 «ёж»"]
    assert reading(TEXT) == reading("\ufeff" + TEXT) == expected


def test_read_says_that_a_file_is_not_there_or_a_directory(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot be read: No such file or directory\.$"):
        read(tmp_path / "none.csv", "create")
    with pytest.raises(CommandError, match=r"cannot be read: Is a directory\.$"):
        read(tmp_path, "create")


@pytest.mark.parametrize("text", [TEXT, '{"external_id": "1"}\n{"external_id": "2"}\n'])
def test_read_takes_the_standard_input_as_what_it_begins_as(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text.encode())))
    assert len(read(Path("-"), "create").lines) == 2
