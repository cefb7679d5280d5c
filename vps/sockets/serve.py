"""/ws/events: the life of one socket. For ospab_panel.sockets."""

import asyncio
from typing import Any

from vps import notify
from vps.sockets.ears import hear_knocks, hear_nothing
from vps.sockets.handshake import caller_of, start_of
from vps.sockets.life import asked, checked, live
from vps.sockets.places import place_of_unknown, place_of_user
from vps.sockets.tell import tell
from vps.sockets.wire import Wire


async def event_socket(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application."""
    await live(Wire(scope, receive, send), serve)


async def serve(wire: Wire) -> None:
    await wire.heard()
    await wire.accept()
    after = start_of(wire.scope)
    with place_of_unknown(wire.scope):
        caller = await caller_of(wire)
        user = (await asked(checked, caller)).user.pk
    knocked = asyncio.Event()
    groups = (notify.group_of(user), notify.EVENTS)
    with place_of_user("events", user):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hear_nothing(wire))
            tasks.create_task(hear_knocks(groups, lambda _: knocked.set()))
            tasks.create_task(tell(wire, caller, user, after, knocked))
