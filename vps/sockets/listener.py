"""What an open socket hears: the other end, which has nothing more to say, and Redis, which says where to look.

`Inbox` keeps what Redis said until the socket has answered it.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from vps.sockets.connection import AGAINST_THE_RULES, Closed, Connection

log = logging.getLogger(__name__)
LOOK_EVERY_S = 15
# A Redis that was restarted knows no groups, and a group is forgotten after a day. A look follows each time, so this is a
# little less than LOOK_EVERY_S: one of the two is enough.
JOINED_ANEW_EVERY_S = 13
LEAVES_WITHIN_S = 5
# What a page is told to look at: a VPS by its number, or the notices.
NAMED = {"vps", "notices"}
# Messages that come in a burst are answered by one look.
BREATH_S = 0.05


class Inbox:
    """What Redis said and was not answered yet: that there is something to look at, and what, each once."""

    def __init__(self) -> None:
        self.has_news, self.changed = asyncio.Event(), dict[tuple[str, int], None]()

    def add(self, message: dict[str, Any]) -> None:
        for name in NAMED & message.keys():
            self.changed[name, message[name]] = None
        self.has_news.set()

    def empty(self) -> list[tuple[str, int]]:
        """What was named. To be called before one looks: what comes after that is for the next look."""
        changed, self.changed = list(self.changed), {}
        self.has_news.clear()
        return changed

    async def wait(self, until: float) -> None:
        """Until there is news, until it is time to look in any case, or until the token has expired."""
        await self.wait_for_news(min(LOOK_EVERY_S, until - time.time()))
        await asyncio.sleep(BREATH_S)

    async def wait_for_news(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.has_news.wait()


async def refuse_messages(connection: Connection) -> None:
    """Raises Gone, or Closed where the other end says something."""
    await connection.next_message()
    raise Closed(AGAINST_THE_RULES, "nothing but the token is listened to")


async def listen(groups: tuple[str, ...], add: Callable[[dict[str, Any]], None]) -> None:
    """Call `add` with each message of Redis, for ever. Without Redis there are none, and nothing else is amiss."""
    channel = await get_channel_layer().new_channel()
    try:
        while True:
            await listen_for_a_while(channel, groups, add)
    finally:
        await leave(channel, groups)


async def listen_for_a_while(channel: str, groups: tuple[str, ...], add: Callable[[dict[str, Any]], None]) -> None:
    """What was sent while nobody listened may be lost, so one look follows once somebody listens."""
    layer = get_channel_layer()
    try:
        async with asyncio.timeout(JOINED_ANEW_EVERY_S):
            for group in groups:
                await layer.group_add(group, channel)
            add({})
            while True:
                add(await layer.receive(channel))
    except TimeoutError:
        return
    except (RedisError, OSError) as error:
        log.warning("a socket hears no knocks: %r", error)
        await asyncio.sleep(JOINED_ANEW_EVERY_S)


async def leave(channel: str, groups: tuple[str, ...]) -> None:
    """Redis forgets a channel that does not leave."""
    with contextlib.suppress(RedisError, OSError):
        async with asyncio.timeout(LEAVES_WITHIN_S):
            for group in groups:
                await get_channel_layer().group_discard(group, channel)
