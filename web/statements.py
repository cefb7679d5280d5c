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


def run(statements: Iterable[Statement]) -> None:
    """In their order, in the transaction that is open. Where one fails, none after it is carried out."""
    together = list(statements)
    if not together:
        return
    parameters = [parameter for one in together for parameter in one.parameters]
    with connection.cursor() as cursor:
        cursor.execute("; ".join(one.text for one in together), parameters)
        for one in together:
            if one.read:
                one.read(cursor.fetchall())
            cursor.nextset()
