"""An answer whose head broke off is none. For `connection`: http.client takes what came of a head for all of it."""

from http.client import HTTPResponse, IncompleteRead
from typing import Any


class WholeHead(HTTPResponse):
    def begin(self) -> None:
        """Raises IncompleteRead where the connection ends before the head does."""
        answer = self.fp
        self.fp = WholeLines(answer)  # type: ignore[assignment]
        try:
            super().begin()
        finally:
            if self.fp is not None:
                self.fp = answer


class WholeLines:
    """The lines of a head, and nothing more of its answer."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def readline(self, at_most: int) -> bytes:
        """One that is cut at the limit is http.client's to refuse."""
        line: bytes = self.answer.readline(at_most)
        if not line.endswith(b"\n") and len(line) < at_most:
            raise IncompleteRead(line)
        return line

    def close(self) -> None:
        self.answer.close()
