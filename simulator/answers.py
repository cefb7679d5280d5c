"""Answers that somebody puts in place of the cluster's own, for so many calls. For the modules beside it."""

import re
from dataclasses import dataclass
from typing import Any

EMPTY, DEFAULT_REASONS = (595, 596, 597, 599), {200: "OK"}


class Overridden(Exception):
    """The call is answered as somebody said."""

    def __init__(self, answer: "Answer") -> None:
        super().__init__(answer.reason)
        self.answer = answer


@dataclass
class Answer:
    """What calls of `method` (any, where it is empty) on a path that matches `pattern` as a whole are told.

    `times`: so many calls, and for ever where it is None. `acts`: the call is carried out first. `port`: by this TLS port
    alone. A `body` that is a text is sent bare, as a proxy's; without one it is what Proxmox VE sends beside the reason.
    """

    pattern: str
    status: int
    method: str = ""
    reason: str = ""
    body: Any = None
    content_type: str = ""
    times: int | None = None
    acts: bool = False
    port: int | None = None

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"pattern: {error}") from error
        if not isinstance(self.status, int) or not 200 <= self.status <= 599:
            raise ValueError("status is a number from 200 to 599")
        if self.times is not None and not isinstance(self.times, int):
            raise ValueError("times is a number, or null")
        self.reason = self.reason or DEFAULT_REASONS.get(self.status, "")

    def concerns(self, method: str, path: str, port: int) -> bool:
        is_here = self.port in (None, port) and self.method in ("", method)
        return is_here and self.times != 0 and re.fullmatch(self.pattern, path) is not None

    def content(self) -> Any:
        """What is sent: a text as it is, anything else as JSON."""
        if self.body is not None:
            return self.body
        return "" if self.status in EMPTY else {"data": None, "message": f"{self.reason}\n"}


def made(given: Any) -> Answer:
    """Raises ValueError or TypeError where it is none."""
    if not isinstance(given, dict):
        raise ValueError("an answer is an object")
    return Answer(**given)


class Answers:
    """Those that were put in place, the newest first."""

    def __init__(self) -> None:
        self.all: list[Answer] = []

    def add(self, answer: Answer) -> None:
        self.all.insert(0, answer)

    def next_for(self, method: str, path: str, port: int) -> Answer | None:
        """The one that this call gets, which is thereby one less. For one caller at a time."""
        found = next((answer for answer in self.all if answer.concerns(method, path, port)), None)
        if found and found.times:
            found.times -= 1
        return found
