"""`@few_at_once`, for a door behind which so much is computed that it would keep all others waiting. The doors call it."""

from collections.abc import Callable
from functools import wraps
from threading import BoundedSemaphore
from typing import Any

from web.errors import PanelBusy

PATIENCE_S = 5.0
Door = Callable[..., Any]


def few_at_once(most: int) -> Callable[[Door], Door]:
    """So many callers in this process. The others wait, and before long are asked to come back.

    Whoever waits holds no transaction: one that lies idle for too long in the midst of its work is ended by PostgreSQL.
    """

    def make(door: Door) -> Door:
        places = BoundedSemaphore(most)

        @wraps(door)
        def entered(*args: Any, **kwargs: Any) -> Any:
            if not places.acquire(timeout=PATIENCE_S):
                raise PanelBusy
            try:
                return door(*args, **kwargs)
            finally:
                places.release()

        return entered

    return make
