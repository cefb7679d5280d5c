"""How many requests are computed at a time. For ospab_panel.server.wsgi_bridge.

Threads of Python share one interpreter, and more of them than keep it busy hand it to and fro for nothing: three answer a
sixth more requests than eight. But who waits for something slow must not keep the others waiting: whoever has not come to
an end within a moment is not counted any more.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

# More than nearly every answer takes.
MOMENT_S = 0.01


class Admission:
    """At most `few` begin within a moment, unless as many have ended; in the order in which they came."""

    def __init__(self, few: int) -> None:
        self.few = few
        self.since: dict[object, float] = {}  # the oldest first
        self.waiting: deque[asyncio.Future[object]] = deque()
        self.has_timer = False

    @contextlib.asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        mine = self.begin() if len(self.since) < self.few else await self.wait()
        try:
            yield
        finally:
            self.end(mine)

    def begin(self) -> object:
        mine = object()
        self.since[mine] = asyncio.get_running_loop().time()
        return mine

    async def wait(self) -> object:
        let_in: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.waiting.append(let_in)
        self.look_in_a_moment()
        try:
            return await let_in
        except asyncio.CancelledError:
            if not let_in.cancelled():  # let in and called off at once
                self.end(let_in.result())
            raise

    def end(self, mine: object) -> None:
        self.since.pop(mine, None)
        self.let_in()

    def let_in(self) -> None:
        while self.waiting and len(self.since) < self.few:
            first = self.waiting.popleft()
            if not first.done():
                first.set_result(self.begin())

    def look_in_a_moment(self) -> None:
        """Once the oldest has had its moment, where somebody waits for it."""
        if self.waiting and not self.has_timer:
            self.has_timer = True
            asyncio.get_running_loop().call_at(next(iter(self.since.values())) + MOMENT_S, self.look)

    def look(self) -> None:
        self.has_timer = False
        begun_before = asyncio.get_running_loop().time() - MOMENT_S
        for mine in [mine for mine, since in self.since.items() if since <= begun_before]:
            del self.since[mine]
        self.let_in()
        self.look_in_a_moment()
