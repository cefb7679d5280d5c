"""What is the same in the life of every socket: how it ends, and how it asks who is there. For `serve` and `pages`."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from channels.db import database_sync_to_async

from accounts.callers import Caller, Standing
from vps.sockets.places import place_at_all
from vps.sockets.wire import NOT_AUTHENTICATED, TRY_AGAIN, Closed, Gone, Wire
from web.transient_errors import is_transient

log = logging.getLogger(__name__)
MOMENT_S = 1


async def live(wire: Wire, serve: Callable[[Wire], Awaitable[None]]) -> None:
    """A database that is away ends it, for nobody can be known: its reader comes back and goes on."""
    try:
        with place_at_all():
            await serve(wire)
    except* Closed as ends:
        await say_why(wire, ends.exceptions[0])
    except* (Gone, OSError):
        pass


async def say_why(wire: Wire, why: Any) -> None:
    """To whoever still listens: who takes nothing is not waited for."""
    with contextlib.suppress(OSError):
        async with asyncio.timeout(MOMENT_S):
            await wire.close(why)


async def asked(question: Callable[..., Any], *args: Any) -> Any:
    """The database's answer. Raises Closed where there is none now."""
    try:
        return await database_sync_to_async(question)(*args)
    except Exception as error:
        if not is_transient(error):
            raise
        log.warning("a socket ends, for the database is away: %r", error)
        raise Closed(TRY_AGAIN, "the panel is busy") from error


def checked(caller: Caller, was: int | None = None) -> Standing:
    """Who it is now; whoever it was before, it must be still. Raises Closed."""
    standing = caller()
    if standing is None or was not in (None, standing.user.pk):
        raise Closed(NOT_AUTHENTICATED, "log in again")
    return standing
