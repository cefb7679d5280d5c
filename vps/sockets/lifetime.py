"""What is the same in the life of every socket: its tasks, how it ends, and how it asks who is there. For both endpoints."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from channels.db import database_sync_to_async

from accounts.callers import Caller, Standing
from vps.sockets.connection import NOT_AUTHENTICATED, TRY_AGAIN, Closed, Connection, Gone
from vps.sockets.listener import Inbox, listen, refuse_messages
from vps.sockets.slots import slot_of_process, slot_of_user
from web.transient_errors import is_transient

log = logging.getLogger(__name__)
MOMENT_S = 1


async def run(connection: Connection, serve: Callable[[Connection], Awaitable[None]]) -> None:
    """A database that is away ends the socket, for nobody can be known: its reader comes back and goes on."""
    try:
        with slot_of_process():
            await serve(connection)
    except* Closed as ends:
        await close(connection, ends.exceptions[0])
    except* (Gone, OSError):
        pass


async def serve_user(
    kind: str,
    user: int,
    connection: Connection,
    groups: tuple[str, ...],
    send_news: Callable[[Inbox], Coroutine[Any, Any, None]],
) -> None:
    """Listen to the other end and to Redis, and send what is new, until one of the three raises why the socket ends."""
    inbox = Inbox()
    with slot_of_user(kind, user):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(refuse_messages(connection))
            tasks.create_task(listen(groups, inbox.add))
            tasks.create_task(send_news(inbox))


async def close(connection: Connection, why: Any) -> None:
    """Whoever takes nothing is not waited for."""
    with contextlib.suppress(OSError):
        async with asyncio.timeout(MOMENT_S):
            await connection.close(why)


async def query(question: Callable[..., Any], *args: Any) -> Any:
    """The database's answer. Raises Closed where there is none now."""
    try:
        return await database_sync_to_async(question)(*args)
    except Exception as error:
        if not is_transient(error):
            raise
        log.warning("a socket ends, for the database is away: %r", error)
        raise Closed(TRY_AGAIN, "the panel is busy") from error


def standing_of(caller: Caller, was: int | None = None) -> Standing:
    """Who it is now; whoever it was before, it must be still. Raises Closed."""
    standing = caller()
    if standing is None or was not in (None, standing.user.pk):
        raise Closed(NOT_AUTHENTICATED, "log in again")
    return standing
