"""`@at_most`: a concurrency limit for an endpoint that computes so much that all others would wait. Endpoints use it."""

from collections.abc import Callable
from functools import wraps
from threading import BoundedSemaphore
from typing import Any

from web.errors import PanelBusy

WAITS_FOR_S = 5.0
Endpoint = Callable[..., Any]


def at_most(limit: int) -> Callable[[Endpoint], Endpoint]:
    """So many callers at a time in this process. The others wait, and before long are asked to come back.

    Whoever waits holds no transaction: one that lies idle for too long in the midst of its work is ended by PostgreSQL.
    """

    def make(endpoint: Endpoint) -> Endpoint:
        slots = BoundedSemaphore(limit)

        @wraps(endpoint)
        def limited(*args: Any, **kwargs: Any) -> Any:
            if not slots.acquire(timeout=WAITS_FOR_S):
                raise PanelBusy
            try:
                return endpoint(*args, **kwargs)
            finally:
                slots.release()

        return limited

    return make
