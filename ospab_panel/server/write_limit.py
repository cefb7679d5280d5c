"""Whoever takes nothing of what is written to them is cut off. For the protocols of HTTP and of the sockets."""

import asyncio
from typing import Any

LOOK_EVERY_S = 10
# Of what waits, in that time: a telephone at the edge of its network takes as much.
LEAST = 32 * 1024
# Of what is larger the transport says soon whether the other end takes it.
SMALL = 4 * 1024


class LimitedTransport:
    """A connection's transport, which looks after what was written, and after what is left when it is being closed."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.transport, self.loop = transport, loop
        self.gathered: list[bytes] = []
        self.written = 0
        self.taken_before = 0
        self.next_look: asyncio.TimerHandle | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        """A head waits for its body, which follows at once, so that the kernel is called once for both."""
        self.written += len(data)
        self.gathered.append(data)
        if len(data) > SMALL:
            self.hand_over()
        elif len(self.gathered) == 1:
            self.loop.call_soon(self.hand_over)

    def hand_over(self) -> None:
        if self.gathered:
            self.transport.write(b"".join(self.gathered))
            self.gathered = []
            self.watch()

    def write_eof(self) -> None:
        self.hand_over()
        self.transport.write_eof()

    def close(self) -> None:
        self.hand_over()
        self.transport.close()
        self.watch()

    def watch(self) -> None:
        if self.next_look is None and self.left:
            self.taken_before = self.written - self.left
            self.next_look = self.loop.call_later(LOOK_EVERY_S, self.look)

    @property
    def left(self) -> int:
        """What the kernel has not taken yet."""
        size: int = self.transport.get_write_buffer_size()
        return size + sum(map(len, self.gathered))

    def look(self) -> None:
        self.next_look = None
        taken = self.written - self.left
        if self.left and taken - self.taken_before < LEAST:
            self.transport.abort()
        else:
            self.watch()
