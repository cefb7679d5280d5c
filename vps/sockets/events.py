"""/ws/events: sends what the feed has after the last event that was sent, looks again, and so on.

Before each page it is asked anew who reads. A page is all that is held in memory, and no database connection is held
between two looks.
"""

import asyncio
import json
from functools import partial
from typing import Any

from accounts.callers import Caller, Standing
from vps import notify
from vps.errors import CursorFromTheFuture
from vps.models import Event
from vps.models.event_shape import for_customer
from vps.sockets.connection import FROM_THE_FUTURE, TRY_AGAIN, Closed, Connection
from vps.sockets.handshake import caller_of, start_of
from vps.sockets.lifetime import query, run, serve_user, standing_of
from vps.sockets.listener import Inbox
from vps.sockets.slots import slot_of_unknown

PAGE = 100
TAKEN_WITHIN_S = 15
Page = list[tuple[int, str]]  # the event's position in the feed, and the event as JSON


async def event_socket(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application."""
    await run(Connection(scope, receive, send), serve)


async def serve(connection: Connection) -> None:
    await connection.next_message()
    await connection.accept()
    after = start_of(connection.scope)
    with slot_of_unknown(connection.scope):
        caller = await caller_of(connection)
        user = (await query(standing_of, caller)).user.pk
    news = partial(send_events, connection, caller, user, after)
    await serve_user("events", user, connection, (notify.group_of(user), notify.EVENTS), news)


async def send_events(connection: Connection, caller: Caller, user: int, after: int, inbox: Inbox) -> None:
    """For ever. Raises Closed once the caller is nobody any more, or too slow."""
    while True:
        inbox.empty()
        standing, page = await query(look, caller, user, after)
        await send_page(connection, page)
        after = page[-1][0] if page else after
        if len(page) < PAGE:
            await inbox.wait(standing.until)


def look(caller: Caller, user: int, after: int) -> tuple[Standing, Page]:
    """Raises Closed."""
    standing = standing_of(caller, user)
    events = Event.objects.visible_to(standing.user).read(after, PAGE)
    if not events:
        refuse_future(after)
    shown = [for_customer(event, standing.user) for event in events]
    return standing, [(event["id"], json.dumps(event)) for event in shown]


def refuse_future(after: int) -> None:
    try:
        Event.objects.refuse_future(after)
    except CursorFromTheFuture as error:
        reason = f"{error.code}: the last event is {error.extra['last']}"
        raise Closed(FROM_THE_FUTURE, reason) from error


async def send_page(connection: Connection, page: Page) -> None:
    try:
        async with asyncio.timeout(TAKEN_WITHIN_S):
            for _, text in page:
                await connection.send_text(text)
    except TimeoutError:
        raise Closed(TRY_AGAIN, "events are not taken") from None
