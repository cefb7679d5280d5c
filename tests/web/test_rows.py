"""Rows as lists a column, and statements that travel together."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DataError
from django.test.utils import CaptureQueriesContext
from psycopg.pq import TransactionStatus

from accounts.models import User
from vps.models import Event, Tombstone, Vps
from web.rows import array, insertion
from web.statements import Ahead, Statement, run

ODD = [
    "",
    " ",
    "NULL",
    "null",
    '"',
    '\\"',
    "\\",
    "a,b",
    "{a}",
    "{",
    "'",
    "%s",
    ";",
    "\n",
    "\t",
    "яблоко",
    "😀",
    "\u2028",
]


def test_array_is_read_as_what_it_was_made_of(db: None) -> None:
    moment = datetime(2025, 10, 27, 10, 30, 0, 123456, tzinfo=UTC)
    of: dict[str, list[Any]] = {"text": [*ODD, None], "int": [0, -1, 2**31 - 1, None], "bool": [True, False, None]}
    of |= {"timestamptz": [moment, None]}
    for type, values in of.items():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM unnest(%s::{type}[])", [array(values)])  # noqa: S608
            assert [value for (value,) in cursor.fetchall()] == values, type


def test_insertion_keeps_rows_in_their_order_and_what_is_in_them(db: None) -> None:
    rows = [(number, {"name": text, "more": [None, 1.5, {}]}) for number, text in enumerate(ODD)]
    run([insertion(Tombstone, ("vps_id", "row"), rows)])
    assert list(Tombstone.objects.order_by("vps_id").values_list("vps_id", "row")) == rows


def test_insertion_refuses_what_is_too_long_and_does_not_cut_it(alice: User) -> None:
    row = ("a" * 256, "running", 1, 1024, 10, "Debian", alice.pk, "proxmox")
    names = ("name", "status", "cpu", "ram", "disk", "os", "user_id", "hypervisor")
    with pytest.raises(DataError), transaction.atomic():
        run([insertion(Vps, names, [row])])


def test_run_sends_all_at_once_and_gives_each_its_rows(db: None) -> None:
    found: list[Any] = []
    with CaptureQueriesContext(connection) as queries:
        run(
            [
                Statement("SELECT %s::int", [1], found.append),
                Statement("UPDATE events SET position = NULL WHERE id = %s", [0]),
                Statement("SELECT * FROM unnest(%s::text[])", [array(["a", "%"])], found.append),
                Statement("SELECT 1 WHERE false", (), found.append),
            ]
        )
        run([])
    assert (found, len(queries)) == ([[(1,)], [("a",), ("%",)], []], 1)


@pytest.mark.django_db(transaction=True)
def test_run_does_nothing_of_what_stands_with_a_statement_that_fails() -> None:
    row = ("vps.created", None, None, {})
    fine = insertion(Event, ("type", "vps_id", "user_id", "data"), [row], source="sync")
    with pytest.raises(IntegrityError):
        run([fine, Statement("INSERT INTO events (type) VALUES (NULL)")])
    assert not Event.objects.exists()


# Sent ahead


def test_ahead_carries_out_what_it_was_given_in_order_and_without_waiting(alice: User) -> None:
    sleep = Statement("SELECT pg_sleep(0.2)")
    with transaction.atomic(), Ahead() as ahead:
        ahead.send([sleep, Statement("UPDATE users SET first_name = 'a' WHERE id = %s", [alice.pk])])
        assert connection.connection.info.transaction_status == TransactionStatus.ACTIVE, "it is under way still"
        ahead.send([Statement("UPDATE users SET first_name = first_name || 'b' WHERE id = %s", [alice.pk])])
    assert User.objects.get().first_name == "ab"


def test_ahead_gives_back_what_statements_find_at_once(alice: User) -> None:
    found: list[Any] = []
    with Ahead() as ahead:
        ahead.send([Statement("SELECT id FROM users", read=found.extend)])
        assert found == [(alice.pk,)]


def test_ahead_raises_what_failed_as_it_ends_and_the_transaction_is_undone(alice: User) -> None:
    wrong = Statement("UPDATE users SET username = NULL")
    with pytest.raises(IntegrityError), transaction.atomic(), Ahead() as ahead:
        ahead.send([Statement("UPDATE users SET first_name = 'a'"), wrong])
    assert User.objects.get().first_name == ""
