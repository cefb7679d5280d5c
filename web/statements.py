"""Statements that travel together: one round trip, whatever their number. For models and services.

Each sees what those before it did, and what others have committed by then, as if it had been sent by itself.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

Found = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Statement:
    """`read` is given the rows that it finds."""

    text: str
    parameters: Sequence[Any] = ()
    read: Callable[[Found], object] | None = None

    def returning(self, columns: str, read: Callable[[Found], object]) -> "Statement":
        return Statement(f"{self.text} RETURNING {columns}", self.parameters, read)


class Ahead:
    """Sends statements without waiting for them, so that PostgreSQL works while Python does. A context: as it ends, all has
    been carried out. In between, whoever asks the database for anything else calls `finish` first."""

    def __init__(self) -> None:
        self.wait: Callable[[], object] | None = None

    def __enter__(self) -> "Ahead":
        return self

    def __exit__(self, *raised: object) -> None:
        self.finish()

    def send(self, statements: Iterable[Statement]) -> None:
        """One such lot is under way at a time. Where one of them fails, whatever waits for it next raises that."""
        self.finish()
        together = list(statements)
        if any(one.read for one in together):
            run(together)
        elif together:
            self.wait = connection.ask_ahead(asked(together))  # type: ignore[attr-defined]

    def finish(self) -> None:
        wait, self.wait = self.wait, None
        if wait:
            wait()


def run(statements: Iterable[Statement], *, is_last: bool = False) -> None:
    """In their order, in the transaction that is open. Where one fails, none after it is carried out.

    With `is_last` the transaction is committed behind them, and nothing may follow in it.
    """
    together = list(statements)
    if not together:
        return
    answers = connection.ask(asked(together), is_last=is_last)  # type: ignore[attr-defined]  # of ospab_panel.database
    for one, found in zip(together, answers, strict=True):
        if one.read:
            one.read(found)


def asked(statements: Iterable[Statement]) -> list[tuple[str, list[bytes | None]]]:
    return [(one.text, [as_bytes(value) for value in one.parameters]) for one in statements]


def as_bytes(value: Any) -> bytes | None:
    """As PostgreSQL reads it, whose type the statement says."""
    return None if value is None else str(value).encode()
