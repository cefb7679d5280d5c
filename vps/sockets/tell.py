"""Send what there is after the last that was sent, look again, and so on. For `serve`.

Before each page it is asked anew who reads. A page is all that is held in memory, and no database connection is held
between two looks.
"""

import asyncio
import contextlib
import json
import time

from accounts.callers import Caller, Standing
from vps.errors import CursorFromTheFuture
from vps.models import Event
from vps.models.event_shape import for_customer
from vps.sockets.life import asked, checked
from vps.sockets.wire import FROM_THE_FUTURE, TRY_AGAIN, Closed, Wire

LOOK_EVERY_S = 15
PAGE = 100
# Knocks that come in a burst are answered by one look.
BREATH_S = 0.05
TAKEN_WITHIN_S = 15
Page = list[tuple[int, str]]  # its place in the feed, and how it is said


async def tell(wire: Wire, caller: Caller, user: int, after: int, knocked: asyncio.Event) -> None:
    """For ever. Raises Closed once the caller is nobody any more, or too slow."""
    while True:
        knocked.clear()
        standing, page = await asked(look, caller, user, after)
        await send(wire, page)
        after = page[-1][0] if page else after
        if len(page) < PAGE:
            await rest(knocked, standing.until)


def look(caller: Caller, user: int, after: int) -> tuple[Standing, Page]:
    """Raises Closed."""
    standing = checked(caller, user)
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


async def send(wire: Wire, page: Page) -> None:
    try:
        async with asyncio.timeout(TAKEN_WITHIN_S):
            for _, text in page:
                await wire.say(text)
    except TimeoutError:
        raise Closed(TRY_AGAIN, "events are not taken") from None


async def rest(knocked: asyncio.Event, until: float) -> None:
    """Until there is a knock, until it is time to look in any case, or until the token has expired."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(min(LOOK_EVERY_S, until - time.time())):
            await knocked.wait()
    await asyncio.sleep(BREATH_S)
