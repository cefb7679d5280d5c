"""What a transaction has to send: once, after the commit, and nothing of what was taken back."""

from typing import Any

import pytest
from django.db import transaction

from web.after_commit import gather

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sent() -> list[list[Any]]:
    return []


def taken_back(sent: list[list[Any]]) -> None:
    with transaction.atomic():
        gather(sent.append, ["taken back"])
        transaction.set_rollback(True)


def test_gather_sends_everything_once_and_after_the_commit(sent: list[list[Any]]) -> None:
    with transaction.atomic():
        gather(sent.append, ["a", "b"])
        with transaction.atomic():
            gather(sent.append, ["inner"])
        gather(sent.append, ["b", "c"])
        assert sent == []
    assert sent == [["a", "b", "c"], ["inner"]]


def test_gather_sends_nothing_of_a_savepoint_that_was_taken_back(sent: list[list[Any]]) -> None:
    with transaction.atomic():
        gather(sent.append, ["kept"])
        taken_back(sent)
    assert sent == [["kept"]]


def test_gather_sends_nothing_of_a_transaction_that_was_taken_back_nor_later(sent: list[list[Any]]) -> None:
    taken_back(sent)
    with transaction.atomic():
        gather(sent.append, ["new"])
    assert sent == [["new"]]


def test_gather_sends_at_once_where_no_transaction_is_open(sent: list[list[Any]]) -> None:
    gather(sent.append, ["now"])
    assert sent == [["now"]]
