"""Cuts a call off that takes too long, wherever it is: an answer that drips has no pause that a socket's timeout sees.

Whoever calls out sets the limit, by `deadline`, and whoever connects hands over the socket, by `watch`.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator


class Deadline:
    """Holds a second handle of the socket that the call goes by, through which another thread may shut it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.handle: socket.socket | None = None
        self.is_over = False

    def watch(self, sock: socket.socket) -> None:
        with self.lock:
            self.let_go()
            self.handle = socket.fromfd(sock.fileno(), sock.family, sock.type)
            if self.is_over:
                self.shut()

    def end(self) -> None:
        with self.lock:
            self.is_over = True
            self.shut()

    def shut(self) -> None:
        if self.handle:
            # Who is gone already needs no end.
            with contextlib.suppress(OSError):
                self.handle.shutdown(socket.SHUT_RDWR)

    def let_go(self) -> None:
        if self.handle:
            self.handle.close()
            self.handle = None


class Current(threading.local):
    """That of the call which this thread is at."""

    deadline: Deadline | None = None


current = Current()


def watch(sock: socket.socket) -> None:
    if current.deadline:
        current.deadline.watch(sock)


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[Deadline]:
    """Of whatever this thread connects to inside."""
    limit = current.deadline = Deadline()
    timer = threading.Timer(seconds, limit.end)
    timer.daemon = True
    timer.start()
    try:
        yield limit
    finally:
        timer.cancel()
        current.deadline = None
        with limit.lock:
            limit.let_go()
