"""JSON lines that are not quite right: each is told of by its number, and what is no JSON lines at all before anything."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.vps.management.reading import Reading, reading
from vps.management.files import read

__all__ = ["reading"]

VPS = {"external_id": "1", "user_id": 5, "name": "web", "cpu": 2, "ram": 2048, "disk": 40, "os": "Debian 12"}
GOOD = json.dumps(VPS)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"external_id": "1", "external_id": "2"}', "A key stands twice in one object."),
        ('{"vps": {"cpu": 1, "cpu": 2}}', "A key stands twice in one object."),
        ('{"cpu": NaN}', "NaN is not a JSON number."),
        ('{"cpu": 1e999}', "A number is too large."),
        ('{"name": "a\\u0000"}', "A text holds a NUL or half a character."),
        ("[" * 5000, "The line is nested deeper than 16 levels."),
        ('{"a":' * 17 + "1" + "}" * 17, "The line is nested deeper than 16 levels."),
        ('{"cpu": 2,}', "The line is not valid JSON. "),
        ("nonsense", "The line is not valid JSON. Expecting value at character 1."),
        (GOOD + GOOD, f"The line is not valid JSON. Extra data at character {len(GOOD) + 1}."),
        ('{"cpu": ' + "9" * 5000 + "}", "The line is not valid JSON."),
        ("17", "Must be a JSON object."),
        ("null", "Must be a JSON object."),
        ('"text"', "Must be a JSON object."),
        ("[1, 2]", "Must be a JSON object."),
        ('{"vps": [1]}', "vps: Must be an object."),
        ('{"vps": null}', "Missing required fields: vps"),
    ],
)
def test_read_says_of_each_line_what_is_wrong_with_it_and_goes_on_below(
    reading: Reading, line: str, sentence: str
) -> None:
    first, broken, last = reading(f"{GOOD}\n{line}\n{GOOD}\n", "servers.jsonl")
    assert broken.startswith("line 2: ")
    assert sentence in broken
    assert (first, last) == ("line 1: create web", "line 3: create web")


@pytest.mark.parametrize("indent", [None, 2])
def test_read_refuses_an_array_and_says_how_to_make_lines_of_it(reading: Reading, indent: int | None) -> None:
    with pytest.raises(CommandError, match=r"one object a line, and is one array. `jq -c '.\[\]'"):
        reading(json.dumps([VPS, VPS], indent=indent), "servers.json")


def test_read_refuses_an_array_that_is_broken_in_its_middle(reading: Reading) -> None:
    with pytest.raises(CommandError, match="is one array"):
        reading(f"[{GOOD},\n{GOOD}\n{GOOD}]\n", "servers.json")


def test_read_refuses_objects_that_run_over_several_lines(reading: Reading) -> None:
    with pytest.raises(CommandError, match=r"its first object runs over several lines. `jq -c '.'"):
        reading(json.dumps(VPS, indent=2) + "\n" + GOOD, "servers.json")


def test_read_refuses_a_file_that_is_nested_without_an_end(reading: Reading) -> None:
    with pytest.raises(CommandError, match="is one array"):
        reading("[" * 100_000, "servers.jsonl")
    (line,) = reading('{"a":' * 100_000, "servers.jsonl")
    assert "deeper than 16 levels" in line


def test_read_takes_a_line_that_is_an_array_for_one_wrong_line_where_others_follow(reading: Reading) -> None:
    assert [line[:7] for line in reading(f"[1]\n{GOOD}\n", "servers.jsonl")] == ["line 1:", "line 2:"]


def test_read_takes_an_empty_file_as_no_servers(reading: Reading) -> None:
    assert reading("", "servers.jsonl") == reading("\n \n", "servers.jsonl") == []


def test_read_takes_what_stands_beside_the_columns_of_a_server_for_what_it_is(tmp_path: Path) -> None:
    """As in a table: else a line that says delete would create."""
    file = tmp_path / "servers.jsonl"
    file.write_text(
        json.dumps({"action": "delete", "external_id": "1"}) + "\n" + json.dumps(VPS | {"occurred_at": "no"})
    )
    first, second = read(file, "create").lines
    assert getattr(first.asked, "action", None) == "delete"
    assert "occurred_at" in getattr(second.asked, "errors", {})


def test_read_warns_of_keys_that_mean_nothing_and_not_of_those_that_an_export_has(tmp_path: Path) -> None:
    file = tmp_path / "servers.jsonl"
    exported = VPS | {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    whole = {"vps": exported | {"komment": 1}, "why": 2}
    lines = [{"action": "create"} | whole, exported | {"id": 3, "action": "delete", "komment": 1}, exported]
    file.write_text("\n".join(map(json.dumps, lines)))
    assert [line.warnings for line in read(file, "create").lines] == [
        ("Unknown field ignored: why", "Unknown field ignored: vps.komment"),
        ("Unknown field ignored: vps.komment",),
        (),
    ]
