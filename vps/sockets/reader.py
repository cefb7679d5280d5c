"""Who reads by an open socket, and what waits to be sent to them. For the modules of this package.

A reader that has nothing to be sent costs nothing but memory, and one that takes nothing costs no more of it than so much.
"""

import asyncio
import json
from typing import Any

from accounts.callers import Caller, Standing
from vps import notify

# What a page is told to look at: a VPS by its number, or the notices.
NAMED = ("vps", "notices")
# A page that takes nothing is told of no more: it asks by itself too.
MOST_NAMED = 100
Named = dict[tuple[str, int], None]


class Reader:
    """`after` is the position in the feed up to which the reader has read, or None of a page, which is told names alone.

    `is_busy` is true while something is being sent, and `is_rung` where there is more to look for after that.
    """

    __slots__ = ("after", "asked", "caller", "has_answer", "is_busy", "is_rung", "named", "over", "texts", "user")

    def __init__(self, caller: Caller, standing: Standing, after: int | None = None) -> None:
        self.caller, self.user, self.after = caller, standing.user_id, after
        # What was named since the last look, each once, and what that look is for.
        self.named, self.asked = Named(), Named()
        self.has_answer, self.texts = asyncio.Event(), list[str]()
        self.over: BaseException | None = None
        self.is_busy = self.is_rung = False

    @property
    def groups(self) -> tuple[str, ...]:
        mine = notify.group_of(self.user)
        return (mine,) if self.after is None else (mine, notify.EVENTS)

    def add(self, message: dict[str, Any]) -> None:
        """What Redis has said."""
        if self.after is None and len(self.named) < MOST_NAMED:
            self.named |= {(name, which): None for name in NAMED if isinstance(which := message.get(name), int)}

    def ask(self) -> None:
        """A look begins: what is named from now on is for the next, which knows who is there then."""
        self.asked, self.named = self.named, Named()

    def give(self, texts: list[str], after: int) -> None:
        """What the look has found, of the feed up to `after`."""
        if self.after is None:
            texts = [json.dumps({name: which}) for name, which in self.asked]
        else:
            self.after = after
        if texts:
            self.texts, self.is_busy = texts, True
            self.has_answer.set()

    def end(self, why: BaseException) -> None:
        self.over = why
        self.has_answer.set()

    async def next_texts(self) -> list[str]:
        """Waits until there are some. Raises why the socket is to end."""
        await self.has_answer.wait()
        self.has_answer.clear()
        if self.over:
            raise self.over
        texts, self.texts = self.texts, []
        return texts
