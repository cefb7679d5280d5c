"""After the commit: ring for a worker, let browsers look again. Messages carry ids, never data, and any may be lost.

Services and tasks call it; events ring by themselves, as models/event.py records them. A worker is reached by the name of
its task, so that nobody who rings needs to import tasks.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from redis.exceptions import RedisError

from web import bell
from web.after_commit import gather
from web.bell import client as client
from web.bell import redis_check as redis_check
from web.write_behind import WriteBehind

log = logging.getLogger(__name__)
Messages = list[tuple[str, dict[str, Any]]]  # to which group, and what
Pages = list[tuple[int, int]]  # which VPS to look at again, and whose pages
# A page is told of no more VPSs at a time than this.
MOST_MESSAGES = 100
# While a bell for all waits for a worker no other is rung; one that was lost is missed for so long.
LOST_AFTER_MS = 5000
# What nobody waits for is gathered for so long: a call of Redis each costs a process that is asked much a sixth of its time.
GATHERED_FOR_S = 0.05
# What the sockets hear, and the group of all of them that send events.
CHANNEL, EVENTS = "panel.bells", "events"


@dataclass(frozen=True)
class ChangedVps:
    """A VPS that its owner's open pages are to look at again."""

    vps_id: int
    user_id: int


@dataclass(frozen=True)
class NewNotice:
    """Somebody who has a new notice."""

    user_id: int


@dataclass(frozen=True)
class NewStanding:
    """Somebody whose sockets are to ask anew who reads."""

    user_id: int


@dataclass(frozen=True)
class Ring:
    """One message to the workers."""

    task: str
    args: tuple[Any, ...] = ()
    after_seconds: float = 0


@dataclass(frozen=True)
class Bell:
    """One message to the workers for all that ring it until it is answered."""

    task: str
    after_seconds: float = 0


def group_of(user_id: int) -> str:
    """The group of all open pages of this user, and of the sockets that send the user's events."""
    return f"user.{user_id}"


def worker(task: str, *args: Any, after_seconds: float = 0) -> None:
    """Ring for the task `vps.<task>` once the transaction has committed."""
    kept = tuple(tuple(one) if isinstance(one, list) else one for one in args)
    gather(announce, [Ring(task, kept, after_seconds)])


def workers(task: str, ids: list[int]) -> None:
    """Ring for the task once an id, once the transaction has committed."""
    gather(announce, [Ring(task, (id,)) for id in ids])


def one_worker(task: str, *, after_seconds: float = 0) -> None:
    """Wake one worker for all that commit within a moment: while its bell waits to be answered no other is rung."""
    gather(announce, [Bell(task, after_seconds)])


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
    gather(announce, [ChangedVps(*page) for page in changed[: MOST_MESSAGES + 1]])


def notices(user_ids: Iterable[int]) -> None:
    """After the commit, let the open pages of these users look for what they are told. As with VPSs, past the first hundred
    pages find it out by themselves."""
    gather(announce, [NewNotice(user_id) for user_id in sorted(user_ids)[:MOST_MESSAGES]])


def standing(user_id: int, **_: Any) -> None:
    """Have the sockets of this user ask anew who reads, after the commit. A receiver of `accounts.standing.changed`."""
    gather(announce, [NewStanding(user_id)])


def feed(*, after_seconds: float = 0) -> None:
    """Wake a worker for what is new among the events, once the transaction has committed."""
    one_worker("deliver_all", after_seconds=after_seconds)


# Once it has committed


def announce(news: list[Any]) -> None:
    """A request waits for no Redis: where its process serves, a thread sends what several of them have to send. A worker
    whom a person waits for is rung at once, and so is whoever may read no longer.
    """
    presses = any(isinstance(one, (Ring, NewStanding)) for one in news)
    sending.add((copy_context(), news), presses=presses)


def send_gathered(gathered: list[tuple[Context, list[Any]]]) -> None:
    """To pages, sockets and bells by one call of Redis, and then to workers: to those first that somebody waits for, and then
    to those whose bells were not up already. A ring bears the id of the request that it comes of."""
    bells = dict.fromkeys(one for _, news in gathered for one in news if isinstance(one, Bell))
    rung = send([message for _, news in gathered for message in messages_of(news)], list(bells))
    for context, news in gathered:
        context.run(send_rings, [one for one in news if isinstance(one, Ring)])
    gathered[0][0].run(send_rings, rung)


def messages_of(news: list[Any]) -> Messages:
    """Pages and sockets that miss theirs find out by themselves within seconds."""
    changed = [one for one in news if isinstance(one, ChangedVps)]
    noticed = [one for one in news if isinstance(one, NewNotice)]
    is_cut = len(changed) > MOST_MESSAGES
    return [
        *((group_of(one.user_id), {"type": "vps.changed", "vps": one.vps_id}) for one in changed[:MOST_MESSAGES]),
        *([(EVENTS, {"type": "feed.grew"})] if is_cut else []),
        *((group_of(one.user_id), {"type": "notices.came", "notices": True}) for one in noticed[:MOST_MESSAGES]),
        *((group_of(one.user_id), {"type": "standing.changed"}) for one in news if isinstance(one, NewStanding)),
    ]


def send(messages: Messages, bells: Sequence[Bell] = ()) -> list[Ring]:
    """Publish these, and put these bells up. Gives the rings for those that were not up already; one that was lost is
    missed for a moment. A Redis that does not answer is not asked again for another."""
    if redis_check.is_away or not (messages or bells):
        return []
    try:
        with client(settings.REDIS_URL).pipeline(transaction=False) as pipe:
            if messages:
                pipe.publish(channel(), json.dumps(messages, separators=(",", ":")))
            for one in bells:
                pipe.set(bell_of(one.task), 1, nx=True, px=LOST_AFTER_MS)
            is_up = pipe.execute()[bool(messages) :]
        redis_check.answered()
    except RedisError as error:
        redis_check.failed(error)
        named = sorted({group for group, _ in messages} | {one.task for one in bells})
        log.warning("Redis took nothing for %s: %r", ", ".join(named), error)
        return []
    return [Ring(one.task, (), one.after_seconds) for one, is_first in zip(bells, is_up, strict=True) if is_first]


def bell_of(task: str) -> str:
    return f"panel.bell.{task}"


def answer_bell(task: str) -> None:
    """From here on what is new rings again. Called by the task before it looks, so it sees what committed before."""
    try:
        client(settings.REDIS_URL).delete(bell_of(task))
    except RedisError as error:
        log.warning("the bell for %s stays up for a moment: %r", task, error)


def send_rings(rings: list[Ring]) -> None:
    """A broker that is down costs one moment, and not one a ring."""
    for one in rings:
        if not bell.ring(f"vps.{one.task}", one.args, one.after_seconds):
            return


def channel() -> str:
    """On which the sockets of all web processes hear. Redis' channels know of no numbers of databases, so it is named too."""
    database = client(settings.REDIS_URL).connection_pool.connection_kwargs.get("db", 0)
    return f"{CHANNEL}.{database}"


sending = WriteBehind(log, send_gathered, within_s=GATHERED_FOR_S)
