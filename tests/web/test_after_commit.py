"""What a transaction has to say: once, after the commit, and nothing of what was taken back."""

from typing import Any

import pytest
from django.db import transaction

from web.after_commit import gather

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def said() -> list[list[Any]]:
    return []


def taken_back(said: list[list[Any]]) -> None:
    with transaction.atomic():
        gather(said.append, ["taken back"])
        transaction.set_rollback(True)


def test_gather_says_everything_once_and_after_the_commit(said: list[list[Any]]) -> None:
    with transaction.atomic():
        gather(said.append, ["a", "b"])
        with transaction.atomic():
            gather(said.append, ["inner"])
        gather(said.append, ["b", "c"])
        assert said == []
    assert said == [["a", "b", "c"], ["inner"]]


def test_gather_says_nothing_of_a_savepoint_that_was_taken_back(said: list[list[Any]]) -> None:
    with transaction.atomic():
        gather(said.append, ["kept"])
        taken_back(said)
    assert said == [["kept"]]


def test_gather_says_nothing_of_a_transaction_that_was_taken_back_nor_later(said: list[list[Any]]) -> None:
    taken_back(said)
    with transaction.atomic():
        gather(said.append, ["new"])
    assert said == [["new"]]


def test_gather_says_at_once_where_no_transaction_is_open(said: list[list[Any]]) -> None:
    gather(said.append, ["now"])
    assert said == [["now"]]
