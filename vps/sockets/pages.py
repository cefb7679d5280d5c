"""/ws/pages: says to an open page which VPS to look at again, and nothing of what there is to see.

The page then asks by HTTP, under the viewer's rights of that moment. The browser's live.js is its only caller.
"""

import asyncio
import contextlib
import json
from functools import partial
from typing import Any

from accounts.callers import Caller, of_session
from vps import notify
from vps.sockets.ears import hear_knocks, hear_nothing
from vps.sockets.life import MOMENT_S, asked, checked, live
from vps.sockets.places import place_of_user
from vps.sockets.tell import rest
from vps.sockets.wire import Wire


async def page_socket(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application. Closed with 4401 to who is not logged in."""
    await live(Wire(scope, receive, send), serve)


async def serve(wire: Wire) -> None:
    await wire.heard()
    caller = partial(of_session, wire.scope["session_key"])
    user = (await asked(checked, caller)).user.pk
    knocks = Knocks()
    with place_of_user("pages", user):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hear_nothing(wire))
            tasks.create_task(hear_knocks((notify.group_of(user),), knocks.heard))
            tasks.create_task(tell(wire, caller, user, knocks))


class Knocks:
    """What was heard and not yet told: each VPS once."""

    def __init__(self) -> None:
        self.any, self.changed = asyncio.Event(), dict[int, None]()

    def heard(self, message: dict[str, Any]) -> None:
        if "vps" in message:
            self.changed[message["vps"]] = None
        self.any.set()

    def take(self) -> list[int]:
        changed, self.changed = list(self.changed), {}
        self.any.clear()
        return changed


async def tell(wire: Wire, caller: Caller, user: int, knocks: Knocks) -> None:
    """For ever. It is asked anew who is there before anything is told: nobody is told of what came after they left.

    It is accepted once it hears, so that a page that looks as it opens misses nothing; without Redis, a moment later.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(MOMENT_S):
            await knocks.any.wait()
    await wire.accept()
    while True:
        changed = knocks.take()
        standing = await asked(checked, caller, user)
        for vps in changed:
            await wire.say(json.dumps({"vps": vps}))
        await rest(knocks.any, standing.until)
