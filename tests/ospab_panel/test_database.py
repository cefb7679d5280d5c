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
