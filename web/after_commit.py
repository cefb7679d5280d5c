"""What a transaction has to send is gathered, and sent at once when it has committed. For whoever rings or sends.

A savepoint that is rolled back takes along what was gathered in it; where no transaction is open, it is sent immediately.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection, transaction

Send = Callable[[list[Any]], object]


class Gathered:
    """The news of one transaction, each once, in the order in which they came."""

    def __init__(self, send: Send, news: Iterable[Any]) -> None:
        self.send, self.news = send, dict.fromkeys(news)

    def __call__(self) -> None:
        self.send(list(self.news))


def gather(send: Send, news: Iterable[Any]) -> None:
    """Have `send` called once after the commit, with these and with all else that was gathered for it."""
    savepoints = set(connection.savepoint_ids)
    for within, call, *_ in connection.run_on_commit:
        if isinstance(call, Gathered) and call.send == send and within == savepoints:
            call.news.update(dict.fromkeys(news))
            return
    transaction.on_commit(Gathered(send, news))
