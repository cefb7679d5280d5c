"""What became of sync commands, as JSON. For sync.py and batch.py."""

from collections.abc import Iterable
from functools import cache
from json.encoder import encode_basestring as quoted
from typing import Any

from rest_framework.renderers import JSONRenderer

from vps.api.batch_body import Read
from vps.models.vps import Row
from vps.services import sync
from web.errors import PanelError


def answer_of(result: sync.Result, warnings: Iterable[str]) -> dict[str, Any]:
    """`warnings` are those of its body."""
    answer: dict[str, Any] = {"vps": result.row}
    if result.was_deleted:
        answer["already_deleted"] = True
    if every := [*warnings, *result.warnings]:
        answer["warnings"] = every
    if not result.is_applied:
        answer["applied"] = False
    return answer


class Results:
    """Of a batch, in order: bytes as soon as they are known, for as objects they take several times that."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.count = self.failed = 0

    def add(self, part: Read, outcomes: Iterable[sync.Outcome]) -> None:
        """`outcomes` are those of its commands."""
        each = iter(outcomes)
        texts = [
            self.refusal(index, one) if isinstance(one, dict) else self.outcome(index, next(each), part.warnings)
            for index, one in enumerate(part.each, part.first)
        ]
        self.write(texts)

    def outcome(self, index: int, outcome: sync.Outcome, warnings: dict[int, list[str]]) -> str:
        if isinstance(outcome, PanelError):
            return self.refusal(index, outcome.serialize())
        answer = answer_of(outcome, warnings.get(index, ()))
        if len(answer) == 1:
            return f'{{"index":{index},"status":"success","vps":{row_text(outcome.row)}}}'
        return text_of({"index": index, "status": "success"} | answer)

    def refusal(self, index: int, refusal: dict[str, Any]) -> str:
        self.failed += 1
        return text_of({"index": index} | refusal)

    def write(self, texts: list[str]) -> None:
        """The results that follow."""
        self.count += len(texts)
        self.parts += [b",", in_line(",".join(texts)).encode()][not self.parts :]

    @property
    def status(self) -> str:
        if not self.failed:
            return "success"
        return "error" if self.failed == self.count else "partial"

    def answer(self, warnings: list[str]) -> bytes:
        """Joined once: it may be the largest thing in the process."""
        head = b'{"status":"%s","results":[' % self.status.encode()
        tail = b'],"warnings":%s}' % JSONRenderer().render(warnings) if warnings else b"]}"
        return b"".join([head, *self.parts, tail])


def text_of(result: dict[str, Any]) -> str:
    text: bytes = JSONRenderer().render(result)
    return text.decode()


def row_text(row: Row) -> str:
    """As `text_of`, in a third of the time: a row has nothing but texts, whole numbers and nulls."""
    values = [value if type(value) is int else "null" if value is None else quoted(value) for value in row.values()]
    return template(tuple(row)) % tuple(values)


@cache
def template(names: tuple[str, ...]) -> str:
    """Of an object with these names."""
    return f"{{{','.join(f'{quoted(name)}:%s' for name in names)}}}"


def in_line(text: str) -> str:
    """JavaScript once took these for the end of a line, so they are escaped wherever the API answers."""
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
