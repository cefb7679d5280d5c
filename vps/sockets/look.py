"""The one look into the database for all sockets that wait for one: who is there still, and what is new for those who read
the feed. `process` calls it, in a thread.

It takes as many statements as for one socket, and where the feed has not grown, it is not read at all.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.callers import Caller, Standing, standings
from accounts.models import User
from vps.db.encrypted import decryption_forbidden
from vps.errors import CursorFromTheFuture
from vps.models import Event
from vps.models.event_shape import for_customer
from vps.sockets.connection import FROM_THE_FUTURE, Closed
from vps.sockets.reader import Reader

PAGE = 100
# What is held in memory of all pages together. Who is not given all that there is, is looked for again at once.
MOST_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class News:
    """What a reader is to be sent: the next of the feed, which is all up to `after`; and whether there may be more."""

    texts: list[str]
    after: int
    is_all: bool = True
    over: Closed | None = None


def look(newcomers: Sequence[Caller], readers: Sequence[Reader]) -> tuple[list[Standing | None], dict[Reader, News]]:
    """Who the newcomers are, and the news of each reader who is still who they were."""
    with decryption_forbidden():
        found = standings([*newcomers, *(reader.caller for reader in readers)])
        still = zip(readers, found[len(newcomers) :], strict=True)
        staying = [reader for reader, standing in still if standing and standing.user_id == reader.user]
        return found[: len(newcomers)], {reader: News([], 0) for reader in staying} | read_feed(staying)


def read_feed(staying: Sequence[Reader]) -> dict[Reader, News]:
    """By its reader, of those who read it."""
    positions = {reader: reader.after for reader in staying if reader.after is not None}
    if not positions:
        return {}
    Event.objects.assign_positions()
    end = Event.objects.end()
    behind = {reader: after for reader, after in positions.items() if after < end}
    at_the_end = {reader: nothing_after(after, end) for reader, after in positions.items() if after >= end}
    return at_the_end | (read_pages(behind, end) if behind else {})


def nothing_after(after: int, end: int) -> News:
    """Nobody has ever read an event beyond the end, unless of a panel that was restored from an older copy."""
    reason = f"{CursorFromTheFuture.code}: the last event is {end}"
    return News([], after, over=Closed(FROM_THE_FUTURE, reason) if after > end else None)


def read_pages(behind: dict[Reader, int], end: int) -> dict[Reader, News]:
    at_most = max(1, min(PAGE, MOST_EVENTS // len(behind)))
    pages = Event.objects.next_of_each([(reader.user, after) for reader, after in behind.items()], at_most)
    texts: dict[int, str] = {}
    return {reader: news(page, reader, end, at_most, texts) for reader, page in zip(behind, pages, strict=True)}


def news(page: list[Event], reader: Reader, end: int, at_most: int, texts: dict[int, str]) -> News:
    """An event is written once, however many sockets its owner has."""
    for event in page:
        if event.pk not in texts:
            texts[event.pk] = json.dumps(for_customer(event, User(pk=reader.user)))
    last, is_all = (page[-1].position or 0) if page else 0, len(page) < at_most
    return News([texts[event.pk] for event in page], max(end, last) if is_all else last, is_all)
