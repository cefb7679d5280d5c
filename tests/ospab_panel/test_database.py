"""A connection out of the pool costs no round trip, unless it has lain idle or its server has closed it."""

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from ospab_panel.database import base


@pytest.fixture
def pooled(db: None) -> Iterator[Any]:
    """One of our own to the tests' database, as a pool has it."""
    parameters = connection.get_connection_params() | {"autocommit": True}
    parameters.pop("cursor_factory")
    with psycopg.connect(**parameters) as made:
        base.check(made)
        yield made


def is_asked(pooled: Any, monkeypatch: Any) -> bool:
    asked: list[Any] = []
    monkeypatch.setattr(base.ConnectionPool, "check_connection", asked.append)
    base.check(pooled)
    monkeypatch.undo()
    return asked == [pooled]


def test_check_asks_no_connection_that_was_used_just_now(pooled: Any, monkeypatch: Any) -> None:
    assert not is_asked(pooled, monkeypatch)


def test_check_asks_one_that_has_lain_idle(pooled: Any, monkeypatch: Any) -> None:
    pooled.last_used = time.monotonic() - base.IDLE_FOR_S - 1
    assert is_asked(pooled, monkeypatch)


def test_check_finds_out_that_the_server_has_closed_it(pooled: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pooled.info.backend_pid])
    time.sleep(0.2)
    with pytest.raises(psycopg.OperationalError):
        base.check(pooled)


class Pooled:
    """A connection through a pooler, which gives a number of its own for the server's process."""

    def __init__(self, real: Any) -> None:
        self.real, self.info = real, Info(real.info)
        self.prepare_threshold: int | None = 5

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class Info:
    def __init__(self, real: Any) -> None:
        self.real, self.backend_pid = real, -566225194

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def test_statements_are_prepared_on_the_servers_own_connections_alone(pooled: Any) -> None:
    behind_a_pooler = Pooled(pooled)
    for one in (pooled, behind_a_pooler):
        connection._configure_connection(one)
    assert (pooled.prepare_threshold, behind_a_pooler.prepare_threshold) == (0, None)


def test_prepared_cursor_has_postgresql_read_a_statement_once(db: None) -> None:
    statement = "SELECT %s::int + 42"
    for number in (1, 2):
        with connection.prepared_cursor() as cursor:
            cursor.execute(statement, [number])
            assert cursor.fetchall() == [(number + 42,)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int + 42'")
        assert cursor.fetchone() == (1,)
