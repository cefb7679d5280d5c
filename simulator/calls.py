"""How many API calls there were, of which kind, how many at once, and over how many connections. For `world` and `server`."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Calls:
    """Counted since the last `forget`; what is under way then is under way still."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.in_flight = self.most_in_flight = 0
        self.handshakes = 0
        self.by_path: Counter[str] = Counter()

    @contextmanager
    def counted(self, key: str) -> Iterator[None]:
        self.add(1, key)
        try:
            yield
        finally:
            self.add(-1)

    def add(self, number: int, *keys: str) -> None:
        with self.lock:
            self.in_flight += number
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            self.by_path.update(keys)

    def shaken(self) -> None:
        """A connection of TLS stands."""
        with self.lock:
            self.handshakes += 1

    def forget(self) -> None:
        with self.lock:
            self.most_in_flight = self.in_flight
            self.handshakes = 0
            self.by_path.clear()

    def report(self) -> dict[str, Any]:
        with self.lock:
            counts = {"most_in_flight": self.most_in_flight, "calls": self.by_path.total()}
            counts |= {"handshakes": self.handshakes}
            return counts | {"by_path": dict(self.by_path)}
