"""Statements that travel together: one round trip, whatever their number. For models and services.

Each sees what those before it did, and what others have committed by then, as if it had been sent by itself.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import psycopg
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
    text = "; ".join(one.text for one in together)
    parameters = [parameter for one in together for parameter in one.parameters]
    connection.ensure_connection()
    is_servers_own = connection.connection.prepare_threshold is not None
    with prepared(together) if is_servers_own else connection.cursor() as cursor:
        cursor.execute(text, parameters)
        if not is_servers_own:
            read(cursor, together)


def read(cursor: Any, together: list[Statement]) -> None:
    for one in together:
        if one.read:
            one.read(cursor.fetchall())
        cursor.nextset()


def prepared(together: list[Statement]) -> Any:
    """A cursor as Django knows it, which logs what it executes as one."""
    return connection._prepare_cursor(Pipeline(connection.connection, together))  # type: ignore[attr-defined]


class Pipeline:
    """Sends each, prepared, without waiting for the answer to the one before: PostgreSQL has read and planned them already,
    where they were sent by this connection before.
    """

    def __init__(self, connection: psycopg.Connection[Any], together: list[Statement]) -> None:
        self.connection, self.together = connection, together
        self._query = SimpleNamespace(query=None)  # What Django logs.

    def execute(self, text: str, parameters: Any = None) -> None:
        self._query.query = text.encode()
        with self.connection.pipeline():
            sent = [psycopg.Cursor(self.connection).execute(one.text, one.parameters) for one in self.together]
            for one, cursor in zip(self.together, sent, strict=True):
                if one.read:
                    one.read(cursor.fetchall())

    def close(self) -> None:
        """Each cursor goes with its answer."""
