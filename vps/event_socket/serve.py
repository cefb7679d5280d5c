"""The life of one socket. For ospab_panel.asgi."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

from channels.db import database_sync_to_async
from django.db import InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

from vps.event_socket.ears import hear_knocks, hear_nothing
from vps.event_socket.handshake import caller_of, start_of
from vps.event_socket.tell import checked, tell
from vps.event_socket.wire import AGAINST_THE_RULES, TRY_AGAIN, Closed, Gone, Wire

log = logging.getLogger(__name__)

# Of one user, in each web process.
MOST_OPEN = 10
open_sockets: Counter[int] = Counter()
MOMENT_S = 1
DATABASE_DOWN = (OperationalError, InterfaceError, PoolTimeout)


async def event_socket(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application. A database that is away ends it, for nobody can be known: its reader comes back and goes on."""
    wire = Wire(scope, receive, send)
    try:
        await serve(wire)
    except* Closed as ends:
        await say_why(wire, ends.exceptions[0])
    except* DATABASE_DOWN as errors:
        log.warning("a socket ends, for the database is away: %r", errors.exceptions[0])
        await say_why(wire, Closed(TRY_AGAIN, "the panel is busy"))
    except* (Gone, OSError):
        pass


async def serve(wire: Wire) -> None:
    await wire.heard()
    await wire.accept()
    after = start_of(wire.scope)
    caller = await caller_of(wire)
    standing = await database_sync_to_async(checked)(caller)
    knocked = asyncio.Event()
    with place_of(standing.user.pk):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hear_nothing(wire))
            tasks.create_task(hear_knocks(standing.user.pk, knocked))
            tasks.create_task(tell(wire, caller, after, knocked))


@contextlib.contextmanager
def place_of(user_id: int) -> Iterator[None]:
    if open_sockets[user_id] >= MOST_OPEN:
        raise Closed(AGAINST_THE_RULES, "too many sockets are open")
    open_sockets[user_id] += 1
    try:
        yield
    finally:
        open_sockets[user_id] -= 1
        if not open_sockets[user_id]:
            del open_sockets[user_id]


async def say_why(wire: Wire, why: Any) -> None:
    """To whoever still listens: who takes nothing is not waited for."""
    with contextlib.suppress(OSError):
        async with asyncio.timeout(MOMENT_S):
            await wire.close(why)
