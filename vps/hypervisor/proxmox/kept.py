"""Connections to hosts that stand and are idle, kept for the next call of this process. For transport.

A handshake costs more than most calls. Whoever takes a connection has it alone, and gives it back once its answer was read.
What it was verified by is a part of its name: under another token, pin or authority it is never met.
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from vps.hypervisor.base import Access

# pveproxy closes what is idle for 5 s.
KEEPS_FOR_S = 4.0
# Of all clusters, in one process: the one that is idle for longest gives way.
MOST = 32


class Closable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=Closable)


@dataclass(eq=False)
class Idle(Generic[T]):
    session: T
    access: Access
    host: str
    since: float = field(default_factory=time.monotonic)

    def is_of(self, access: Access, host: str) -> bool:
        return (self.host, self.access) == (host, access)

    def has_answered_within(self, seconds: float) -> bool:
        return time.monotonic() - self.since <= seconds


class Kept(Generic[T]):
    """Each is one caller's at a time, so any thread may ask. The one that has answered last comes first."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """After a fork: two processes on one connection would read each other's answers."""
        self.lock = threading.Lock()
        self.idle: list[Idle[T]] = []

    def claim(self, access: Access, host: str, within_s: float = KEEPS_FOR_S) -> T | None:
        """One that has answered so lately, which is the caller's then; or None."""
        with self.lock:
            mine = (one for one in reversed(self.idle) if one.is_of(access, host))
            newest = next(mine, None)
            if newest is None or not newest.has_answered_within(within_s):
                return None
            self.idle.remove(newest)
            return newest.session

    def give(self, session: T, access: Access, host: str) -> None:
        """It has just answered, and to the end."""
        with self.lock:
            everyone = [*self.idle, Idle(session, access, host)]
            self.idle = [one for one in everyone if one.has_answered_within(KEEPS_FOR_S)][-MOST:]
            over = [one for one in everyone if one not in self.idle]
        for one in over:
            one.session.close()

    def close(self) -> None:
        """All of them."""
        with self.lock:
            over, self.idle = self.idle, []
        for one in over:
            one.session.close()
