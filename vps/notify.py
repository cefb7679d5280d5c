"""After the commit: ring for a worker, let browsers look again. Messages carry ids, never data, and any may be lost.

Services and tasks call it; events ring by themselves, as models/event.py records them. A worker is reached by the name of
its task, so that nobody who rings needs to import tasks.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from redis.exceptions import RedisError

from web import bell
from web.bell import client as client
from web.bell import redis_check as redis_check

log = logging.getLogger(__name__)
Messages = list[tuple[str, dict[str, Any]]]  # to which group, and what
Pages = list[tuple[int, int]]  # which VPS to look at again, and whose pages
SENT_WITHIN_S = 1
# A channel holds no more unread messages than this.
MOST_MESSAGES = 100
# While a bell for the feed waits for a worker no other is rung; one that was lost is missed for so long.
FEED_BELL, LOST_AFTER_MS = "panel.feed.bell", 5000


# The group of all sockets that send events.
EVENTS = "events"


def group_of(user_id: int) -> str:
    """The channel group of all open pages of this user, and of the sockets that send the user's events."""
    return f"user.{user_id}"


def worker(task: str, *args: Any, after_seconds: float = 0) -> None:
    """Ring for the task `vps.<task>` once the transaction has committed."""
    after_commit(partial(ring, task, args, after_seconds))


def workers(task: str, ids: list[int]) -> None:
    """Ring for the task once an id, once the transaction has committed."""
    after_commit(partial(ring_all, task, ids))


def events(concerned: Iterable[tuple[int | None, int | None]]) -> None:
    """Events were recorded of these, as (vps_id, user_id): ring for the feed, and let their owners' pages look again."""
    many_pages([(vps_id, user_id) for vps_id, user_id in dict.fromkeys(concerned) if vps_id and user_id])
    feed()


def pages(vps_id: int, user_id: int) -> None:
    """After the commit, let the owner's open pages look at this VPS again: where its page changes without an event."""
    many_pages([(vps_id, user_id)])


def many_pages(changed: Pages) -> None:
    """As `pages`, of many VPSs. Past the first hundred, pages find it out by themselves, and all sockets that send events
    look at once."""
    if changed:
        after_commit(partial(send_changes, changed[:MOST_MESSAGES], is_cut=len(changed) > MOST_MESSAGES))


def notices(user_ids: Iterable[int]) -> None:
    """After the commit, let the open pages of these users look for what they are told. As with VPSs, past the first hundred
    pages find it out by themselves."""
    if readers := sorted(user_ids):
        after_commit(partial(send_notices, readers[:MOST_MESSAGES]))


def standing(user_id: int, **_: Any) -> None:
    """Have the sockets of this user ask anew who reads, after the commit. A receiver of `accounts.standing.changed`."""
    after_commit(partial(send_standing, user_id))


def feed(*, after_seconds: float = 0) -> None:
    """Wake a worker for what is new among the events, once the transaction has committed. Thousands ring one bell."""
    after_commit(partial(ring_for_feed, after_seconds))


def after_commit(call: Callable[[], object]) -> None:
    transaction.on_commit(lambda: call())


def ring(task: str, args: tuple[Any, ...], after_seconds: float) -> bool:
    return bell.ring(f"vps.{task}", args, after_seconds)


def ring_for_feed(after_seconds: float) -> None:
    """Whoever answers the bell takes it down before looking, so what committed before it was rung is seen."""
    if not redis_check.ask():
        return
    try:
        is_first = client(settings.REDIS_URL).set(FEED_BELL, 1, nx=True, px=LOST_AFTER_MS)
    except RedisError as error:
        log.warning("no bell was rung for the feed: %r", error)
        return
    if is_first:
        ring("deliver_all", (), after_seconds)


def clear_feed_bell() -> None:
    """From here on a new event rings again. Called by the task before it looks."""
    try:
        client(settings.REDIS_URL).delete(FEED_BELL)
    except RedisError as error:
        log.warning("the bell for the feed stays up for a moment: %r", error)


def ring_all(task: str, ids: list[int]) -> None:
    """A broker that is down costs one moment, and not one an id."""
    for id in ids:
        if not ring(task, (id,), 0):
            return


def send_changes(changed: Pages, *, is_cut: bool = False) -> None:
    """Pages that miss it ask again by themselves every few seconds."""
    if not redis_check.ask():
        return
    messages: Messages = [(group_of(user_id), {"type": "vps.changed", "vps": vps_id}) for vps_id, user_id in changed]
    messages += [(EVENTS, {"type": "feed.grew"})] if is_cut else []
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    send(messages, f"no open page was told of VPS {changed[0][0]}{more}")


def send_notices(user_ids: list[int]) -> None:
    if redis_check.ask():
        messages: Messages = [(group_of(user_id), {"type": "notices.came", "notices": True}) for user_id in user_ids]
        send(messages, f"no open page of user {user_ids[0]} was told of a notice")


def send_standing(user_id: int) -> None:
    """Sockets that miss it ask by themselves within 15 s."""
    if redis_check.ask():
        messages: Messages = [(group_of(user_id), {"type": "standing.changed"})]
        send(messages, f"no socket was told to ask anew who user {user_id} is")


def send(messages: Messages, otherwise: str) -> None:
    """`otherwise` is the line of the log where Redis does not take them."""
    try:
        async_to_sync(send_all)(messages)
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("%s: %r", otherwise, error)


async def send_all(messages: Messages) -> None:
    """The channel layer waits for Redis without a limit of its own; the click behind this call must not.

    Each event loop has a connection of its own, so many messages go by one.
    """
    async with asyncio.timeout(SENT_WITHIN_S):
        for group, message in messages:
            await get_channel_layer().group_send(group, message)
