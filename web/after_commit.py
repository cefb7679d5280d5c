"""What a transaction has to say is gathered, and said at once when it has committed. For whoever rings or sends.

A savepoint that is rolled back takes along what was gathered in it; where no transaction is open, it is said immediately.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection, transaction

Say = Callable[[list[Any]], object]


class Gathered:
    """The news of one transaction, each once, in the order in which they came."""

    def __init__(self, say: Say, news: Iterable[Any]) -> None:
        self.say, self.news = say, dict.fromkeys(news)

    def __call__(self) -> None:
        self.say(list(self.news))


def gather(say: Say, news: Iterable[Any]) -> None:
    """Have `say` called once after the commit, with these and with all else that was gathered for it."""
    savepoints = set(connection.savepoint_ids)
    for within, call, *_ in connection.run_on_commit:
        if isinstance(call, Gathered) and call.say == say and within == savepoints:
            call.news.update(dict.fromkeys(news))
            return
    transaction.on_commit(Gathered(say, news))
