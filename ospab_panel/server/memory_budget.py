"""Memory that many callers share and none can use up: bodies that are being buffered, answers that are being taken.

ospab_panel.server.request_body and ospab_panel.server.wsgi_bridge call it, in the event loop alone.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator


class OverBudget(Exception):
    """There is no room for what this caller sends, or does not take."""


class Share:
    """What one caller holds. It can be made to give way while it waits for its caller, and at no other time."""

    def __init__(self) -> None:
        self.size = 0
        self.has_given_way = False
        self.time: asyncio.Timeout | None = None

    @contextlib.asynccontextmanager
    async def waiting(self, seconds: float) -> AsyncIterator[None]:
        """For the caller, and no longer than that. Raises TimeoutError, and OverBudget where it had to give way."""
        try:
            async with asyncio.timeout(seconds) as self.time:
                yield
        except TimeoutError:
            if not self.has_given_way:
                raise
        finally:
            self.time = None
        if self.has_given_way:
            raise OverBudget

    def give_way(self) -> None:
        self.has_given_way = True
        if self.time:
            self.time.reschedule(asyncio.get_running_loop().time())


class Budget:
    """Whoever holds most gives way first: large and slow is what an attack is, and small is what people send."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0
        self.shares: set[Share] = set()

    @contextlib.contextmanager
    def share(self) -> Iterator[Share]:
        share = Share()
        self.shares.add(share)
        try:
            yield share
        finally:
            self.shares.discard(share)
            self.taken -= share.size

    def reserve(self, share: Share, size: int) -> None:
        """Raises OverBudget."""
        share.size += size
        self.taken += size
        while self.taken > self.most:
            waiting = (one for one in self.shares if one.time and one.size)
            largest = max(waiting, key=lambda one: one.size, default=share)
            self.taken -= largest.size
            largest.size = 0
            largest.give_way()
            if largest is share:
                raise OverBudget
