"""Reads a body whose object has one long list: the list is given away piece by piece, and is never there as a whole.

What is refused, and in which words, is what web.json_body refuses. Parsers of endpoints that take many things at once call it.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from rest_framework.exceptions import ParseError

from web.json_body import invalid_json, refuse_unstorable, strictness, text_of, without_duplicates

A_PIECE = 250
SPACE = re.compile(r"[ \t\n\r]*")


class Pieces:
    """What stands in the place of the list: how many there were, and where they are `kept` the JSON of them, keys in order."""

    def __init__(self, *, keeps_texts: bool = False) -> None:
        self.count = 0
        self.kept: list[str] | None = [] if keeps_texts else None

    def __len__(self) -> int:
        return self.count

    def add(self, piece: list[Any]) -> None:
        """The next of them."""
        self.count += len(piece)
        if self.kept is not None:
            self.kept.append(json.dumps(piece, sort_keys=True, ensure_ascii=False)[1:-1])

    def texts(self) -> Iterator[str]:
        """The JSON of the list, in parts."""
        for at, text in enumerate(self.kept or ()):
            yield f", {text}" if at else f"[{text}"
        yield "]" if self.count else "[]"


def loads(body: bytes, most_values: int, name: str, make: Callable[[], Pieces]) -> Any:
    """As `json_body.loads`, but that the list under `name` is what was made of its pieces. Raises ParseError.

    What cannot be stored is found out at the end, as it is of a body that is read whole: until then no more pieces are taken.
    """
    text = text_of(body, most_values)
    del body
    return Reader(text, name, make).whole()


class Reader:
    """Goes through the text; `at` is how far it has come."""

    def __init__(self, text: str, name: str, make: Callable[[], Pieces]) -> None:
        self.text, self.name, self.make, self.at = text, name, make, 0
        self.infinite: list[str] = []
        self.decode = json.JSONDecoder(**strictness(self.infinite)).raw_decode
        self.has_escapes = "\\u" in text
        self.refusal: ParseError | None = None

    def whole(self) -> Any:
        try:
            value = self.thing() if self.sign() == "{" else self.value()
        except ValueError as error:
            raise invalid_json() from error
        if self.sign():
            raise invalid_json()
        if self.refusal:
            raise self.refusal
        return value

    def thing(self) -> dict[str, Any]:
        return without_duplicates([self.member() for _ in self.each("}")])

    def member(self) -> tuple[str, Any]:
        if self.sign() != '"':
            raise invalid_json()
        key = self.value()
        if self.sign() != ":":
            raise invalid_json()
        self.at += 1
        return key, self.pieces() if self.sign() == "[" and key == self.name else self.value()

    def pieces(self) -> Pieces:
        found, piece = self.make(), []
        for _ in self.each("]"):
            one, self.at = self.decode(self.text, self.at)
            piece.append(one)
            if len(piece) == A_PIECE:
                self.give(found, piece)
                piece = []
        if piece:
            self.give(found, piece)
        return found

    def give(self, found: Pieces, piece: list[Any]) -> None:
        self.check(piece)
        if self.refusal is None:
            found.add(piece)

    def each(self, end: str) -> Iterator[None]:
        """Stands before each of what is parted by commas, up to this end, in its turn."""
        self.at += 1
        has_more = self.sign() != end
        while has_more:
            yield
            if (mark := self.sign()) not in (",", end):
                raise invalid_json()
            if has_more := mark == ",":
                self.at += 1
                self.pass_space()
        self.at += 1

    def value(self) -> Any:
        self.pass_space()
        value, self.at = self.decode(self.text, self.at)
        self.check(value)
        return value

    def check(self, value: Any) -> None:
        """What cannot be stored comes by an escape, or is a number that is not finite."""
        if self.refusal is None and (self.infinite or self.has_escapes):
            try:
                refuse_unstorable(value)
            except ParseError as error:
                self.refusal = error

    def sign(self) -> str:
        """The next that is no space; nothing at the end."""
        self.pass_space()
        return self.text[self.at : self.at + 1]

    def pass_space(self) -> None:
        found = SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
