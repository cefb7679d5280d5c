"""How many sockets may be open in this web process: of one user, of one address that has not said who it is, and in all.

For `lifetime` and `events`. A socket costs a file, some 32 kB, and its share of each look into the database.
"""

import contextlib
from collections import Counter
from collections.abc import Hashable, Iterator
from typing import Any

from vps.sockets.connection import AGAINST_THE_RULES, TRY_AGAIN, Closed

MOST_OF_A_USER = 10
MOST_UNKNOWN_OF_AN_ADDRESS = 20
MOST_OPEN = 6000
open_sockets: Counter[Hashable] = Counter()


def slot_of_user(kind: str, user_id: int) -> Any:
    return slot((kind, user_id), MOST_OF_A_USER, AGAINST_THE_RULES)


def slot_of_unknown(scope: dict[str, Any]) -> Any:
    address = (scope.get("client") or [""])[0]
    return slot(("unknown", address), MOST_UNKNOWN_OF_AN_ADDRESS, TRY_AGAIN)


def slot_of_process() -> Any:
    return slot("all", MOST_OPEN, TRY_AGAIN)


@contextlib.contextmanager
def slot(holder: Hashable, most: int, code: int) -> Iterator[None]:
    """Raises Closed where the holder has as many as it may."""
    if open_sockets[holder] >= most:
        raise Closed(code, "too many sockets are open")
    open_sockets[holder] += 1
    try:
        yield
    finally:
        open_sockets[holder] -= 1
        if not open_sockets[holder]:
            del open_sockets[holder]
