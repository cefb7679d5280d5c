"""After the commit: ring for a worker, let browsers look again. Messages carry ids, never data, and any may be lost.

Services and tasks call it; events ring by themselves, as models/event.py records them. A worker is reached by the name of
its task, so that nobody who rings needs to import tasks.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from redis.exceptions import RedisError

from web import bell
from web.after_commit import gather
from web.bell import client as client
from web.bell import redis_check as redis_check

log = logging.getLogger(__name__)
Messages = list[tuple[str, dict[str, Any]]]  # to which group, and what
Pages = list[tuple[int, int]]  # which VPS to look at again, and whose pages
# A page is told of no more VPSs at a time than this.
MOST_MESSAGES = 100
# While a bell for all waits for a worker no other is rung; one that was lost is missed for so long.
LOST_AFTER_MS = 5000
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
    """To pages and sockets first, for people wait there."""
    of = {kind: [one for one in news if type(one) is kind] for kind in {type(one) for one in news}}
    if changed := of.get(ChangedVps):
        send_changes(
            [(one.vps_id, one.user_id) for one in changed[:MOST_MESSAGES]], is_cut=len(changed) > MOST_MESSAGES
        )
    if noticed := of.get(NewNotice):
        send_notices([one.user_id for one in noticed[:MOST_MESSAGES]])
    for one in of.get(NewStanding, []):
        send_standing(one.user_id)
    send_rings([*unanswered(of.get(Bell, [])), *of.get(Ring, [])])


def unanswered(bells: list[Bell]) -> list[Ring]:
    """Those of them that are up now, and were not before. A bell that was lost is missed for a moment."""
    if not bells or not redis_check.ask():
        return []
    try:
        with client(settings.REDIS_URL).pipeline(transaction=False) as pipe:
            for one in bells:
                pipe.set(bell_of(one.task), 1, nx=True, px=LOST_AFTER_MS)
            is_up = pipe.execute()
        redis_check.answered()
    except RedisError as error:
        log.warning("no bell was rung for %s: %r", ", ".join(one.task for one in bells), error)
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
    """One command of Redis, whoever is concerned. `otherwise` is the line of the log where Redis does not take them."""
    try:
        client(settings.REDIS_URL).publish(channel(), json.dumps(messages, separators=(",", ":")))
        redis_check.answered()
    except RedisError as error:
        redis_check.failed(error)
        log.warning("%s: %r", otherwise, error)


def channel() -> str:
    """On which the sockets of all web processes hear. Redis' channels know of no numbers of databases, so it is named too."""
    database = client(settings.REDIS_URL).connection_pool.connection_kwargs.get("db", 0)
    return f"{CHANNEL}.{database}"
