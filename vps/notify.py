"""After the commit: wake a worker, wake the browsers. Messages carry ids, never data, and any of them may be lost.

Services and tasks call it. A worker is reached by its task's name, so that services need not import tasks.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from celery import current_app
from channels.layers import get_channel_layer
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
KNOCK_S = 1


def group_of(user_id: int) -> str:
    """The channel group of all open pages of this user."""
    return f"user.{user_id}"


def worker(task: str, *args: Any, after_seconds: float = 0) -> None:
    """Ring for the task `vps.<task>` once the transaction has committed."""
    after_commit(partial(ring, task, args, after_seconds))


def pages(vps_id: int, user_id: int) -> None:
    """Tell the owner's open pages to look at this VPS again, once the transaction has committed."""
    after_commit(partial(knock, vps_id, user_id))


def after_commit(call: Callable[[], None]) -> None:
    transaction.on_commit(lambda: call())


def ring(task: str, args: tuple[Any, ...], after_seconds: float) -> None:
    """A broker that is down costs a second and a log line: the sweeper finds the row."""
    try:
        current_app.send_task(f"vps.{task}", args=args, countdown=after_seconds or None, retry=False)
    except OperationalError as error:
        log.warning("the broker did not take vps.%s%r, the sweeper will: %s", task, args, error)


def knock(vps_id: int, user_id: int) -> None:
    """Pages that miss it ask again by themselves every few seconds."""
    try:
        async_to_sync(send)(group_of(user_id), {"type": "vps.changed", "vps": vps_id})
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("no open page was told of VPS %s: %r", vps_id, error)


async def send(group: str, message: dict[str, Any]) -> None:
    """The channel layer waits for Redis without a limit of its own; the click behind this call must not."""
    await asyncio.wait_for(get_channel_layer().group_send(group, message), KNOCK_S)
