"""What an open socket hears: the other end, which has nothing more to say, and Redis, which knocks. For `serve`."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from vps.sockets.wire import AGAINST_THE_RULES, Closed, Wire

log = logging.getLogger(__name__)
Heard = Callable[[dict[str, Any]], None]
# A Redis that was restarted knows no groups, and a group is forgotten after a day. A look follows each time, so this is a
# little less than the time after which `tell` looks by itself: one of the two is enough.
JOINED_ANEW_EVERY_S = 13
LEAVES_WITHIN_S = 5


async def hear_nothing(wire: Wire) -> None:
    """Raises Gone, or Closed where something is said."""
    await wire.heard()
    raise Closed(AGAINST_THE_RULES, "nothing but the token is listened to")


async def hear_knocks(groups: tuple[str, ...], heard: Heard) -> None:
    """Call `heard` with each knock, for ever. Without Redis there are none, and nothing else is amiss."""
    name = await get_channel_layer().new_channel()
    try:
        while True:
            await hear_for_a_while(name, groups, heard)
    finally:
        await leave(name, groups)


async def hear_for_a_while(name: str, groups: tuple[str, ...], heard: Heard) -> None:
    """What was knocked while nobody listened may be lost, so one look follows once it is listened to."""
    layer = get_channel_layer()
    try:
        async with asyncio.timeout(JOINED_ANEW_EVERY_S):
            for group in groups:
                await layer.group_add(group, name)
            heard({})
            while True:
                heard(await layer.receive(name))
    except TimeoutError:
        return
    except (RedisError, OSError) as error:
        log.warning("a socket hears no knocks: %r", error)
        await asyncio.sleep(JOINED_ANEW_EVERY_S)


async def leave(name: str, groups: tuple[str, ...]) -> None:
    """Redis forgets who does not."""
    with contextlib.suppress(RedisError, OSError):
        async with asyncio.timeout(LEAVES_WITHIN_S):
            for group in groups:
                await get_channel_layer().group_discard(group, name)
