"""How the API reads and answers: strict JSON only. REST framework calls it, by its settings."""

import json
import re
from functools import partial
from math import isinf
from typing import Any

from django.utils.translation import gettext
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from web.errors import PanelError

LARGEST_BODY = 1024 * 1024
DEEPEST = 16
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# A bracket, a comma or the end, and what comes before it: strings are passed over in C. It always matches, and nothing in
# it is tried twice (`++`, `*+`), so it keeps no memory of a string, however long.
MARK = re.compile(r'(?:[^"\[\]{},]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"?)*+([\[\]{},]|\Z)', re.DOTALL)
BRACKET = re.compile(r'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"?)*+([\[\]{}]|\Z)', re.DOTALL)
# What of a Content-Type can be said again.
MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)
# The first byte of a sign that Python keeps in four bytes, or in two; and what is no first byte.
LEADS = {4: re.compile(rb"[\xf0-\xf4]"), 2: re.compile(rb"[\xc4-\xef]")}
CONTINUATION = bytes(range(0x80, 0xC0))
OPENS, CLOSES = ("[", "{"), ("]", "}")
ALIKE = str.maketrans("[]", "{}")
# A value costs Python up to a hundred bytes, be it `[]`: no body is worth more memory than four times its largest size.
# An operation of a batch has some thirty.
BYTES_A_VALUE = 26


class TooLarge(PanelError):
    status = 413
    code = "too_large"

    def __init__(self, largest: int) -> None:
        super().__init__(f"The body is larger than {largest} bytes.")


class UnsupportedCharset(PanelError):
    status = 415
    code = "unsupported_charset"
    message = "The body must be UTF-8."


class UnsupportedMediaType(PanelError):
    status = 415
    code = "unsupported_media_type"

    def __init__(self, given: str) -> None:
        wanted = gettext("A body must be JSON: send it with Content-Type: application/json.")
        came = gettext("It came with %(given)s.") % {"given": given}
        super().__init__(f"{wanted} {came}" if MEDIA_TYPE.fullmatch(given) else wanted)


class StrictJSONParser(BaseParser):
    """JSON as its specification has it and no more: duplicate keys, NaN, NUL, lone surrogates and deep nesting are 400."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """A view that takes more than others says so: `largest_body`."""
        check_charset(media_type or "")
        largest = getattr(parser_context["view"], "largest_body", LARGEST_BODY)
        return loads(read(stream, largest), most_values=largest // BYTES_A_VALUE)


def read(stream: Any, largest: int) -> bytes:
    """Raises TooLarge."""
    body: bytes = stream.read(largest + 1)
    if memory_of(body) > largest:
        raise TooLarge(largest * len(body) // memory_of(body))
    return body


def memory_of(body: bytes) -> int:
    """A quarter of what it takes: itself, its text and the texts in it, in which Python keeps each sign as wide as the
    widest. One emoji makes a megabyte four; without any, it is the body's own size.
    """
    width = next((width for width, lead in LEADS.items() if lead.search(body)), 1)
    signs = len(body.translate(None, CONTINUATION)) if width > 1 else len(body)
    return max(len(body), (len(body) + 2 * width * signs) // 4)


def check_charset(media_type: str) -> None:
    for parameter in media_type.lower().split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(" \"'") not in ("utf-8", "utf8"):
            raise UnsupportedCharset


def loads(body: bytes, most_values: int = LARGEST_BODY // BYTES_A_VALUE) -> Any:
    """The value of `body`. Raises ParseError, whose sentence says what is wrong with it."""
    text = text_of(body, most_values)
    del body
    infinite: list[str] = []
    try:
        value = json.loads(text, **strictness(infinite))
    except ValueError as error:
        raise invalid_json() from error
    # What cannot be stored comes by an escape, or is such a number: without either nobody has to look.
    if infinite or "\\u" in text:
        refuse_unstorable(value)
    return value


def text_of(body: bytes, most_values: int) -> str:
    """Raises ParseError where it is no UTF-8, or costs too much to read."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError("The body is not valid UTF-8.", code="invalid_utf8") from error
    del body
    refuse_costly(text, most_values)
    return text


def strictness(infinite: list[str]) -> dict[str, Any]:
    """What makes a decoder of Python's strict. Numbers that are not finite it puts into `infinite`."""
    number = partial(kept_number, infinite)
    return {"object_pairs_hook": without_duplicates, "parse_constant": refuse_constant, "parse_float": number}


def invalid_json() -> ParseError:
    return ParseError("The body is not valid JSON.", code="invalid_json")


def kept_number(infinite: list[str], digits: str) -> float:
    value = float(digits)
    if isinf(value):
        infinite.append(digits)
    return value


def refuse_costly(text: str, most_values: int) -> None:
    """By its marks, before anything is made of it: by how many there are, texts included, and where that may be too many one
    by one."""
    opened = text.count("{") + text.count("[")
    if opened + text.count(",") < most_values:
        if opened <= DEEPEST or is_flat(text):
            return
        marks = BRACKET.finditer(text)
    else:
        marks = MARK.finditer(text)
    level = values = 0
    for match in marks:
        mark = match[1]
        level += 1 if mark in OPENS else -1 if mark in CLOSES else 0
        values += mark not in CLOSES
        if level > DEEPEST:
            raise ParseError(f"The body is nested deeper than {DEEPEST} levels.", code="too_deep")
        if values > most_values:
            raise ParseError(f"The body holds more than {most_values} values.", code="too_many_values")


def is_flat(text: str) -> bool:
    """Whether it is closed level by level, and is at its end after so many. What has other brackets is looked at closely."""
    brackets = "".join(BRACKET.findall(text)).translate(ALIKE)
    for _ in range(DEEPEST):
        brackets = brackets.replace("{}", "")
    return not brackets


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ParseError("A key stands twice in one object.", code="duplicate_key")
    return found


def refuse_constant(name: str) -> None:
    raise ParseError(f"{name} is not a JSON number.", code="not_finite")


def refuse_unstorable(value: Any) -> None:
    """PostgreSQL stores no NUL and no lone surrogate, and no number that is not finite."""
    if isinstance(value, dict):
        for key, inner in value.items():
            refuse_unstorable(key)
            refuse_unstorable(inner)
    elif isinstance(value, list):
        for inner in value:
            refuse_unstorable(inner)
    elif isinstance(value, str) and UNSTORABLE.search(value):
        raise ParseError("A text holds a NUL or half a character.", code="invalid_text")
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise ParseError("A number is too large.", code="not_finite")


class AlwaysJSON(BaseContentNegotiation):
    """JSON whatever `Accept` asks for: the callers read JSON, and a 406 would hide the reason of a failure."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Raises UnsupportedMediaType."""
        sent = (request.content_type or "").split(";")[0].strip().lower()
        for parser in parsers:
            if parser.media_type == sent:
                return parser
        raise UnsupportedMediaType(sent)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type
