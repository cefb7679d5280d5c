"""A body that is read in pieces: it is what it is when it is read whole, and what is refused is refused alike."""

import random
import tracemalloc
from typing import Any

import pytest
from rest_framework.exceptions import ParseError

from tests.seams import Shorten
from web import json_body, json_pieces

MOST_VALUES = 5000
BODIES = [
    '{"operations":[1,2,{"a":[]},"x",null,true],"atomic":false}',
    '{"atomic":true, "operations" : [ ] , "z":{"operations":[1]}}',
    ' { "operations":[[1],[2]],\n"operations":[3]}',
    '{"operations":[{"a":"\\u0000"},1e999,2,3,4,5],"a":"\\ud800"}',
    '{"operations":[1,1e999,3,4],"a":"\\ud83d\\ude00 é"}',
    '{"operations":[{"a":1,"a":2}]}',
    *('{"operations":{}}', "{}", " { } ", "[1,2]", '"operations"', "", "17"),
]
MARKS = [
    *'{}[]",: \n01e-.\\u\ufeff\x01é',
    "null",
    "NaN",
    '"operations"',
    '"a"',
    "\\ud800",
    "1e999",
    '{"a":1,"a":2}',
    '\\"',
]


class Kept(json_pieces.Pieces):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Any] = []
        self.sizes: list[int] = []

    def add(self, piece: list[Any]) -> None:
        super().add(piece)
        self.found += piece
        self.sizes.append(len(piece))


def in_pieces(text: str) -> Any:
    value = json_pieces.loads(text.encode(), MOST_VALUES, "operations", Kept)
    if not isinstance(value, dict):
        return value
    return {name: one.found if isinstance(one, Kept) else one for name, one in value.items()}


def outcome(read: Any, text: str) -> str:
    try:
        return repr(read(text))
    except ParseError as error:
        return f"{error.get_codes()}: {error}"


@pytest.mark.parametrize("body", BODIES)
def test_loads_in_pieces_gives_and_refuses_what_is_given_and_refused_whole(body: str, shorten: Shorten) -> None:
    """However it is spoilt."""
    shorten(commands_a_part=3)
    by = random.Random(body)
    for _ in range(1500):
        text = body
        for _ in range(by.choice([0, 1, 1, 2, 3])):
            at = by.randrange(len(text) + 1)
            text = text[:at] + by.choice([*MARKS, ""]) + text[at + by.choice([0, 0, 1, 2]) :]
        assert outcome(in_pieces, text) == outcome(lambda text: json_body.loads(text.encode(), MOST_VALUES), text), text


def test_loads_in_pieces_gives_as_many_at_a_time_as_it_is_to(shorten: Shorten) -> None:
    shorten(commands_a_part=3)
    read = json_pieces.loads(b'{"operations":[1,2,3,4,5,6,7]}', MOST_VALUES, "operations", Kept)["operations"]
    assert (read.sizes, len(read)) == ([3, 3, 1], 7)


def test_loads_in_pieces_gives_nothing_of_what_cannot_be_stored(shorten: Shorten) -> None:
    shorten(commands_a_part=1)
    made: list[Kept] = []

    def make() -> Kept:
        made.append(Kept())
        return made[0]

    with pytest.raises(ParseError):
        json_pieces.loads(b'{"operations":[1,"\\u0000",2]}', MOST_VALUES, "operations", make)
    assert made[0].found == [1]


def test_loads_in_pieces_takes_the_text_and_no_more() -> None:
    """C5: as objects the list would be several times that."""
    body = b'{"operations":[' + b",".join([b'{"name":"web","cpu":4}'] * 50_000) + b"]}"
    tracemalloc.start()
    try:
        json_pieces.loads(body, 500_000, "operations", json_pieces.Pieces)
        assert tracemalloc.get_traced_memory()[1] < 2 * len(body)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("levels", range(12, 21))
def test_loads_refuses_what_is_nested_deeper_than_sixteen_wherever_it_stands(levels: int) -> None:
    deep = '[{"]}":' * (levels // 2) + "[" * (levels % 2) + "1" + "]" * (levels % 2) + "}]" * (levels // 2)
    for text in (deep, f"[{'[],' * 20}{deep[1:]}", f'{deep[:-1]},"[",{{"{{[":[]}}]'):
        is_refused = outcome(lambda text: json_body.loads(text.encode(), MOST_VALUES), text).startswith("too_deep")
        assert is_refused == (levels > json_body.DEEPEST), text
