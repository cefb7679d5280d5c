"""Statements that go to PostgreSQL together, each prepared once a connection. For ospab_panel.database.base alone.

It speaks to libpq itself: a cursor of psycopg writes values into the text, which PostgreSQL then reads and plans anew, or it
takes as long to prepare as PostgreSQL to answer. All goes out at once and all comes back at once, so a thread waits once,
whatever the number of statements.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from typing import Any

from psycopg import Connection, DataError, adapt, generators
from psycopg.errors import FeatureNotSupported, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus

# What PostgreSQL reads, with `%s` for each value, and the values as it reads them.
Asked = tuple[str, Sequence[bytes | None]]
Rows = list[tuple[Any, ...]]
# A plan is kept until PostgreSQL has counted the tables anew: what is quickest for one that is empty yet is not for long.
BY_INDEX = b"SELECT set_config('enable_seqscan', 'off', true)"


class Prepared:
    """The names of what a connection has prepared, by text. A name is never given twice, whatever became of the first."""

    def __init__(self) -> None:
        self.names: dict[str, bytes] = {}
        self.numbers = count()


def ask(connection: "Connection[Any]", asked: Sequence[Asked], *, commits: bool, is_binary: bool) -> list[Rows]:
    """The rows of each, in their order. BEGIN goes before them where the transaction has not begun, and with `commits`
    COMMIT behind them. Where one fails none after it is carried out. Raises what psycopg raises.
    """
    refuse_nul(asked)
    call = Call(connection, int(is_binary))
    with closing_where_it_fails(connection):
        call.start(asked, commits)
    return call.rows()


def ask_ahead(connection: "Connection[Any]", asked: Sequence[Asked]) -> Callable[[], list[Rows]]:
    """As `ask`, but it is under way as this comes back; what waits for the rows is given back. Until that has been called
    nothing else can be asked of the connection.
    """
    refuse_nul(asked)
    call = Call(connection, format=0)
    with closing_where_it_fails(connection):
        call.start(asked, commits=False)
        connection.wait(generators.send(connection.pgconn))
    return call.rows


@contextmanager
def closing_where_it_fails(connection: "Connection[Any]") -> Iterator[None]:
    """What is still under way there would be taken for the answer to something else."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


class Call:
    def __init__(self, connection: "Connection[Any]", format: int) -> None:
        self.connection, self.link, self.format = connection, connection.pgconn, format
        # Behind a pooler nothing is prepared.
        self.prepared: Prepared | None = getattr(connection, "prepared", None)
        self.fresh: dict[str, bytes] = {}
        self.sent = 0
        # Which of the answers are of statements that were asked for.
        self.wanted: list[int] = []

    def rows(self) -> list[Rows]:
        with closing_where_it_fails(self.connection):
            answers: list[Any] = self.connection.wait(self.receive())
            self.link.exit_pipeline_mode()
        for answer in answers:
            if answer.status == ExecStatus.FATAL_ERROR:
                raise self.error_of(answer)
        if self.prepared:
            self.prepared.names |= self.fresh
        loader = adapt.Transformer(self.connection)
        return [rows_of(loader, answers[at]) for at in self.wanted]

    def start(self, asked: Sequence[Asked], commits: bool) -> None:
        self.link.enter_pipeline_mode()
        if not self.connection.autocommit and self.link.transaction_status == TransactionStatus.IDLE:
            self.command(b"BEGIN")
        if self.prepared and any(text not in self.prepared.names for text, _ in asked):
            self.command(BY_INDEX)
        for text, values in asked:
            self.send(text, values)
        if commits:
            self.command(b"COMMIT")
        self.link.pipeline_sync()

    def command(self, text: bytes) -> None:
        self.link.send_query_params(text, None)
        self.sent += 1

    def send(self, text: str, values: Sequence[bytes | None]) -> None:
        name = self.name_of(text) if self.prepared else b""
        self.wanted.append(self.sent)
        if name:
            self.link.send_query_prepared(name, values, result_format=self.format)
        else:
            self.link.send_query_params(numbered(text), values, result_format=self.format)
        self.sent += 1

    def name_of(self, text: str) -> bytes:
        assert self.prepared
        if name := self.prepared.names.get(text) or self.fresh.get(text):
            return name
        name = self.fresh[text] = b"panel_%d" % next(self.prepared.numbers)
        self.link.send_prepare(name, numbered(text))
        self.sent += 1
        return name

    def receive(self) -> Any:
        """One answer of each, and that of the end. What does not fit into the kernel's buffers goes out as it is taken."""
        yield from generators.send(self.link)
        answers = []
        for _ in range(self.sent):
            answers += yield from generators.fetch_many(self.link)
        yield from generators.fetch_many(self.link)
        return answers

    def error_of(self, answer: Any) -> Exception:
        """Where a column has another type since, what was prepared before cannot give it: all is prepared anew."""
        error = error_from_result(answer, encoding="utf-8")
        if self.prepared and isinstance(error, FeatureNotSupported):
            self.prepared.names.clear()
        return error


def refuse_nul(asked: Sequence[Asked]) -> None:
    """libpq takes it for the end of a value. Raises DataError."""
    if any(value and b"\0" in value for _, values in asked for value in values):
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")


@lru_cache
def numbered(text: str) -> bytes:
    """With $1, $2 … in the place of `%s`, and `%` for `%%`."""
    first, *more = text.split("%s")
    whole = first + "".join(f"${at}{part}" for at, part in enumerate(more, 1))
    return whole.replace("%%", "%").encode()


def rows_of(loader: Any, answer: Any) -> Rows:
    loader.set_pgresult(answer)
    return loader.load_rows(0, answer.ntuples, tuple) if answer.ntuples else []
