"""/ws/pages: names to an open page the VPSs to look at again, or the notices, and says nothing of what there is to see.

The page then asks by HTTP, under the viewer's rights of that moment. The browser's live.js is its only caller.
"""

import json
from functools import partial
from typing import Any

from accounts.callers import Caller, of_session
from vps import notify
from vps.sockets.connection import Connection
from vps.sockets.lifetime import MOMENT_S, query, run, serve_user, standing_of
from vps.sockets.listener import Inbox


async def page_socket(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application. Closed with 4401 to who is not logged in."""
    await run(Connection(scope, receive, send), serve)


async def serve(connection: Connection) -> None:
    await connection.next_message()
    caller = partial(of_session, connection.scope["session_key"])
    user = (await query(standing_of, caller)).user.pk
    news = partial(send_changes, connection, caller, user)
    await serve_user("pages", user, connection, (notify.group_of(user),), news)


async def send_changes(connection: Connection, caller: Caller, user: int, inbox: Inbox) -> None:
    """For ever. Before anything is sent it is asked anew who is there: nobody learns of what came after they left.

    The socket is accepted once it listens, so that a page that looks as it opens misses nothing; without Redis, a moment
    later.
    """
    await inbox.wait_for_news(MOMENT_S)
    await connection.accept()
    while True:
        changed = inbox.empty()
        standing = await query(standing_of, caller, user)
        for name, which in changed:
            await connection.send_text(json.dumps({name: which}))
        await inbox.wait(standing.until)
