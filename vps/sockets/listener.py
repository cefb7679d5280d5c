"""What Redis says to this web process: one subscription for all of its sockets. `process` starts it.

Without Redis nothing is heard and nothing else is amiss, for sockets look by themselves too. What was said while nobody
listened is lost, so one look for all follows once somebody listens again.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from django.conf import settings
from redis.exceptions import RedisError

from vps import notify
from vps.notify import Messages

log = logging.getLogger(__name__)
# A Redis whose machine is gone says nothing, not even that. It is asked whether it is there after so long a silence.
PING_AFTER_S, ANSWERS_WITHIN_S = 15, 5
# As Redis lists it.
CLIENT_NAME = "panel-sockets"
PAUSES_S = (0, 1, 2, 4, 8, 15)


async def listen(
    dispatch: Callable[[Messages], None], is_subscribed: asyncio.Event, look_at_all: Callable[[], None]
) -> None:
    """Until it is cancelled, of which redis-py tells nothing as it connects."""
    task, tries = cast("asyncio.Task[None]", asyncio.current_task()), 0
    while not task.cancelling():
        try:
            async with subscribed() as connection:
                tries = 0
                is_subscribed.set()
                look_at_all()
                while not task.cancelling():
                    dispatch(await next_messages(connection))
        except (RedisError, OSError) as error:
            log.warning("no socket hears a bell: %r", error)
        except Exception:
            log.exception("no socket hears a bell")
        finally:
            is_subscribed.clear()
        await asyncio.sleep(0 if task.cancelling() else PAUSES_S[min(tries, len(PAUSES_S) - 1)])
        tries += 1


@contextlib.asynccontextmanager
async def subscribed() -> AsyncIterator[Any]:
    # Imported by the first socket, and not as a process starts that may never have one.
    from redis.asyncio.connection import ConnectionPool

    limits = {"socket_timeout": ANSWERS_WITHIN_S, "socket_connect_timeout": ANSWERS_WITHIN_S}
    pool: Any = ConnectionPool.from_url(settings.REDIS_URL, protocol=2, client_name=CLIENT_NAME, **limits)
    connection = pool.make_connection()
    try:
        await connection.connect()
        await connection.send_command("SUBSCRIBE", notify.channel())
        await connection.read_response()
        yield connection
    finally:
        await connection.disconnect(nowait=True)


async def next_messages(connection: Any) -> Messages:
    answer = await connection.read_response(timeout=PING_AFTER_S)
    if answer is None:
        await connection.send_command("PING")
        answer = await connection.read_response()
    return messages_in(answer[-1]) if answer[0] == b"message" else []


def messages_in(text: bytes) -> Messages:
    """What another release has written is for its own sockets."""
    with contextlib.suppress(ValueError, TypeError):
        return [(str(group), dict(message)) for group, message in json.loads(text)]
    return []
