"""What nobody waits for is written or sent a moment later, all that came meanwhile at once. Services and notify make one each.

A web process starts it; where nobody has, as in a command or a test, each is written at once. What a process holds as it is
killed is lost: docs/reliability.md says of what that is.
"""

import atexit
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from django.db import Error, connection
from psycopg_pool import PoolTimeout

WITHIN_S = 0.5
# A database that is away has these kept for it, and no more.
MOST_KEPT = 10_000


class WriteBehind:
    """`write` takes a list of rows, in the order in which they came, after `within_s` seconds at most, and at once where one
    of them presses.
    """

    def __init__(self, log: logging.Logger, write: Callable[[list[Any]], None], within_s: float = WITHIN_S) -> None:
        self.log, self.write, self.within_s = log, write, within_s
        self.kept: deque[Any] = deque()
        self.has_some, self.presses, self.lock = threading.Event(), threading.Event(), threading.Lock()
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """From here on rows are written by a thread of this process; the last of them as the process ends."""
        if self.thread is None:
            self.thread = threading.Thread(target=self.run, name=f"write behind {self.log.name}", daemon=True)
            self.thread.start()
            atexit.register(self.flush)

    def add(self, row: Any, *, presses: bool = False) -> None:
        self.kept.append(row)
        if self.thread is None:
            self.flush()
            return
        # First: whoever wakes by the other looks at this one.
        if presses:
            self.presses.set()
        if not self.has_some.is_set():
            self.has_some.set()

    def run(self) -> None:
        while self.has_some.wait():
            self.presses.wait(self.within_s)
            self.presses.clear()
            self.has_some.clear()
            self.flush()
            connection.close()

    def flush(self) -> None:
        """What cannot be written now is tried again with the next row. Nothing is raised: those whom the rows are of are
        served by now."""
        with self.lock:
            rows = [self.kept.popleft() for _ in range(len(self.kept))]
            try:
                if rows:
                    self.write(rows)
            except (Error, PoolTimeout) as error:
                self.keep(rows, error)
            except Exception:
                if self.thread is None:
                    raise
                self.log.exception("lost, as it could not be written: %d rows", len(rows))

    def keep(self, rows: list[Any], error: Exception) -> None:
        is_room = self.thread is not None and len(rows) + len(self.kept) <= MOST_KEPT
        if is_room:
            self.kept.extendleft(reversed(rows))
        self.log.error("rows that were not stored%s: %d, for %s", " yet" if is_room else "", len(rows), error)
