"""Passwords are hashed a few at a time: a hash takes a third of a second by design, and the threads are others' too.

accounts.models.user goes through it wherever a password is checked or set.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from web.errors import PanelBusy

# Of the eight threads of a web process.
AT_ONCE, WAITING = 2, 2
PATIENCE_S = 5.0

room = threading.BoundedSemaphore(AT_ONCE + WAITING)
slots = threading.BoundedSemaphore(AT_ONCE)
mine = threading.local()


@contextmanager
def slot() -> Iterator[None]:
    """Raises PanelBusy: at once where enough wait already. Whoever has a slot needs no second one."""
    if getattr(mine, "is_taken", False):
        yield
        return
    if not room.acquire(blocking=False):
        raise PanelBusy
    try:
        with slot_in_time():
            yield
    finally:
        room.release()


@contextmanager
def slot_in_time() -> Iterator[None]:
    if not slots.acquire(timeout=PATIENCE_S):
        raise PanelBusy
    mine.is_taken = True
    try:
        yield
    finally:
        mine.is_taken = False
        slots.release()
