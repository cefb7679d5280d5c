"""/ws/pages: names to an open page the VPSs to look at again, or the notices, and says nothing of what there is to see.

The page then asks by HTTP, under the viewer's rights of that moment. The browser's live.js is its only caller. Before
anything is sent it is asked anew who is there: nobody learns of what came after they left.
"""

import asyncio
import contextlib
from typing import Any

from accounts.callers import BySession
from vps.sockets.connection import Connection
from vps.sockets.lifetime import MOMENT_S, reader_of, run, talk
from vps.sockets.process import here


async def page_socket(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application. Closed with 4401 to who is not logged in."""
    await run(Connection(scope, receive, send), serve)


async def serve(connection: Connection) -> None:
    await connection.next_message()
    caller = BySession(connection.scope["session_key"])
    standing = await here().looks.standing_of(caller)
    with reader_of("pages", caller, standing) as reader:
        await until_subscribed()
        await connection.accept()
        await talk(connection, reader)


async def until_subscribed() -> None:
    """Until Redis is heard, so that a page that looks as it opens misses nothing; or, without Redis, for a moment."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(MOMENT_S):
            await here().is_subscribed.wait()
