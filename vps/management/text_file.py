"""The text of a file that somebody made elsewhere, or a sentence of what the file is instead. For the import command."""

import sys
from pathlib import Path

from django.core.management.base import CommandError

from web.spreadsheet import BOM

STANDARD_INPUT = "-"
BEGINNINGS = {
    b"\xff\xfe": "UTF-16 (Excel calls it Unicode Text)",
    b"\xfe\xff": "UTF-16 (Excel calls it Unicode Text)",
    b"PK\x03\x04": "a workbook (xlsx, ods) or an archive",
    b"\xd0\xcf\x11\xe0": "a workbook (xls)",
}
# Of Windows-1251: Russian letters, and the signs that stand among them.
RUSSIAN = frozenset(range(0xC0, 0x100)) | frozenset(b"\xa8\xb8\xb9\xab\xbb\x96\x97\x93\x94\x84\x85\xa0")
ADVICE = "Save it as CSV UTF-8 in Excel (in LibreOffice: Text CSV, Unicode (UTF-8))"


def text_of(file: Path) -> str:
    """Without its BOM. Raises CommandError."""
    given = bytes_of(file)
    if kind := kind_of(given):
        raise CommandError(f"{file} must be UTF-8, and looks like {kind}. {ADVICE}. Nothing was changed.")
    try:
        return given.decode("utf-8").removeprefix(BOM)
    except UnicodeDecodeError as error:
        line = given.count(b"\n", 0, error.start) + 1
        raise CommandError(f"{file} must be UTF-8: line {line} {not_utf8(given)} Nothing was changed.") from error


def bytes_of(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == STANDARD_INPUT else file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror or error}.") from error


def kind_of(given: bytes) -> str:
    """What it is by its first bytes, or ''. UTF-16 without a mark has a NUL in every letter of English."""
    known = next((kind for beginning, kind in BEGINNINGS.items() if given.startswith(beginning)), "")
    head = given[:1000]
    return known or ("UTF-16" if head.count(0) > len(head) // 4 else "")


def not_utf8(given: bytes) -> str:
    if RUSSIAN.issuperset(byte for byte in given if byte >= 0x80):
        return (
            f"looks like Windows-1251, as a Russian Excel saves its plain CSV. {ADVICE}, or: iconv -f cp1251 -t utf-8."
        )
    return f"has bytes that are none. {ADVICE}."
