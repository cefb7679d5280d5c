"""A connection out of the pool costs no round trip, unless it has lain idle or its server has closed it; what is asked of it
together costs one.
"""

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import DataError, connection, transaction
from psycopg.pq import TransactionStatus as Status

from ospab_panel.database import base
from ospab_panel.database.together import Asked, ask
from web.transient_errors import is_transient


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
    pooled.looked_at = time.monotonic() - base.IDLE_FOR_S - 1
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

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class Info:
    def __init__(self, real: Any) -> None:
        self.real, self.backend_pid = real, -566225194

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def asked_of(pooled: Any, *statements: Asked, commits: bool = False) -> Any:
    return ask(pooled, statements, commits=commits, is_binary=False)


def prepared_on(pooled: Any) -> int:
    row = pooled.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    assert row
    return int(row[0])


def test_statements_are_prepared_on_the_servers_own_connections_alone(pooled: Any) -> None:
    behind_a_pooler = Pooled(pooled)
    connection._configure_connection(behind_a_pooler)
    assert asked_of(behind_a_pooler, ("SELECT %s::int", [b"42"])) == [[(42,)]]
    assert prepared_on(pooled) == 0
    connection._configure_connection(pooled)
    assert asked_of(pooled, ("SELECT %s::int", [b"42"])) == [[(42,)]]
    assert prepared_on(pooled) == 1


def test_ask_has_postgresql_read_a_statement_once(pooled: Any) -> None:
    connection._configure_connection(pooled)
    for number in (1, 2):
        assert asked_of(pooled, ("SELECT %s::int + 42", [b"%d" % number])) == [[(number + 42,)]]
    assert prepared_on(pooled) == 1


@pytest.mark.parametrize("prepares", [True, False])
def test_ask_gives_the_rows_of_each_statement_whatever_their_number_and_size(pooled: Any, prepares: bool) -> None:
    if prepares:
        connection._configure_connection(pooled)
    large = b"a" * 3_000_000
    asked = [("SELECT %s::text", [large]), ("SELECT 1 WHERE false", []), ("SELECT %s::text, '%%', 2", [None])] * 20
    assert asked_of(pooled, *asked) == [[(large.decode(),)], [], [(None, "%", 2)]] * 20


def test_ask_begins_and_commits_in_the_same_round_trip(pooled: Any) -> None:
    connection._configure_connection(pooled)
    pooled.autocommit = False
    began = pooled.info.transaction_status
    asked_of(pooled, ("CREATE TEMPORARY TABLE kept (id int)", []))
    within = pooled.info.transaction_status
    asked_of(pooled, ("INSERT INTO kept VALUES (%s)", [b"1"]), commits=True)
    assert (began, within, pooled.info.transaction_status) == (Status.IDLE, Status.INTRANS, Status.IDLE)
    pooled.rollback()
    assert asked_of(pooled, ("SELECT id FROM kept", [])) == [[(1,)]]


def test_ask_commits_nothing_where_a_statement_fails(pooled: Any) -> None:
    connection._configure_connection(pooled)
    pooled.execute("CREATE TEMPORARY TABLE kept (id int)")
    pooled.autocommit = False
    one, bad = ("INSERT INTO kept VALUES (%s)", [b"1"]), ("SELECT %s::int", [b"none"])
    with pytest.raises(psycopg.DataError):
        asked_of(pooled, one, bad, one, commits=True)
    assert pooled.info.transaction_status == Status.INERROR
    pooled.rollback()
    assert asked_of(pooled, ("SELECT id FROM kept", []), one, ("SELECT id FROM kept", [])) == [[], [], [(1,)]]


def test_ask_prepares_anew_what_it_prepared_beside_a_statement_that_failed(pooled: Any) -> None:
    connection._configure_connection(pooled)
    for _ in range(2):
        with pytest.raises(psycopg.ProgrammingError):
            asked_of(pooled, ("SELECT 42", []), ("SELECT 42 FROM nowhere", []))
    assert asked_of(pooled, ("SELECT 42", [])) == [[(42,)]]


def test_ask_prepares_anew_what_a_migration_has_changed(pooled: Any) -> None:
    connection._configure_connection(pooled)
    pooled.execute("CREATE TEMPORARY TABLE kept (id int)")
    assert asked_of(pooled, ("SELECT id FROM kept", [])) == [[]]
    pooled.execute("ALTER TABLE kept ALTER id TYPE bigint")
    with pytest.raises(psycopg.NotSupportedError) as refused:
        asked_of(pooled, ("SELECT id FROM kept", []))
    assert is_transient(refused.value)
    assert asked_of(pooled, ("SELECT id FROM kept", [])) == [[]]


def test_ask_refuses_nul_which_would_cut_a_value_off(pooled: Any) -> None:
    with pytest.raises(psycopg.DataError):
        asked_of(pooled, ("SELECT %s::text", [b"alice\0bob"]))


def test_ask_closes_a_connection_whose_answers_it_did_not_take(pooled: Any, monkeypatch: Any) -> None:
    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(pooled, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        asked_of(pooled, ("SELECT 1", []))
    assert pooled.closed


def test_ask_raises_what_django_raises(db: None) -> None:
    with pytest.raises(DataError), transaction.atomic():
        connection.ask([("SELECT %s::int", [b"none"])])


@pytest.mark.django_db(transaction=True)
def test_ask_commits_the_last_of_a_transaction_that_is_its_own() -> None:
    def state() -> Any:
        return connection.connection.info.transaction_status

    with transaction.atomic():
        connection.ask([("SELECT 1", [])], is_last=True)
        assert state() == Status.IDLE
    with transaction.atomic(), transaction.atomic():
        connection.ask([("SELECT 1", [])], is_last=True)
        assert state() == Status.INTRANS
    connection.ask([("SELECT 1", [])], is_last=True)
    assert state() == Status.IDLE


@pytest.mark.django_db(transaction=True)
def test_ask_takes_another_connection_where_the_one_that_a_worker_kept_is_gone() -> None:
    kept: Any = connection.copy()
    kept.settings_dict["OPTIONS"].pop("pool", None)
    try:
        ((pid,),) = kept.ask([("SELECT pg_backend_pid()", [])])[0]
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        kept.health_check_done = False
        assert kept.ask([("SELECT pg_backend_pid() <> %s", [b"%d" % pid])]) == [[(True,)]]
    finally:
        kept.close()
