"""All sockets that are open in this web process: who they are, and what Redis says passed on to those whom it concerns.

For `lifetime` and the endpoints. An idle socket has no timer, no statement and no command of Redis of its own.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from accounts.callers import FOR_EVER
from vps.notify import Messages
from vps.sockets.listener import listen
from vps.sockets.looks import Looks
from vps.sockets.reader import Reader


class OpenSockets:
    def __init__(self) -> None:
        self.readers: set[Reader] = set()
        self.groups: defaultdict[str, set[Reader]] = defaultdict(set)
        self.looks, self.is_subscribed = Looks(self.readers), asyncio.Event()
        self.open, self.tasks = 0, list[asyncio.Task[None]]()

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Around the whole life of a socket: where none is open nobody listens and nobody looks."""
        self.open += 1
        if not self.tasks:
            # Not that of the tasks before, which may be ending yet.
            self.is_subscribed = asyncio.Event()
            jobs = listen(self.dispatch, self.is_subscribed, self.looks.want_all), self.looks.look_for_ever()
            self.tasks = [asyncio.create_task(job) for job in jobs]
        try:
            yield
        finally:
            self.open -= 1
            if not self.open:
                self.stop()

    def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        self.tasks.clear()

    @contextlib.contextmanager
    def joined(self, reader: Reader, until: float) -> Iterator[None]:
        """From here on the reader hears what is said to its groups; a look follows at once, and when its time is over."""
        self.readers.add(reader)
        for group in reader.groups:
            self.groups[group].add(reader)
        timer = self.want_at(reader, until) if until != FOR_EVER else None
        self.looks.want(reader)
        try:
            yield
        finally:
            self.leave(reader)
            if timer:
                timer.cancel()

    def want_at(self, reader: Reader, until: float) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(max(0.0, until - time.time()), self.looks.want, reader)

    def leave(self, reader: Reader) -> None:
        self.readers.discard(reader)
        for group in reader.groups:
            self.groups[group].discard(reader)
            if not self.groups[group]:
                del self.groups[group]

    def dispatch(self, messages: Messages) -> None:
        for group, message in messages:
            for reader in self.groups.get(group, ()):
                reader.add(message)
                self.looks.want(reader)


# By the event loop, of which a web process has one.
of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, OpenSockets] = WeakKeyDictionary()


def here() -> OpenSockets:
    loop = asyncio.get_running_loop()
    if loop not in of_loop:
        of_loop[loop] = OpenSockets()
    return of_loop[loop]
