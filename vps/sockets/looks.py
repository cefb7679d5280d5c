"""When the database is looked into for the sockets of this process: at once for who comes and whom news concern, and for all
of them every 15 s. Then each is told what was found. For `process` and `handshake`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from accounts.callers import Caller, Standing
from vps.sockets.connection import TRY_AGAIN, Closed, Nobody
from vps.sockets.look import News, look
from vps.sockets.reader import Reader
from web.transient_errors import is_transient

log = logging.getLogger(__name__)
LOOK_EVERY_S = 15
# Messages that come in a burst are answered by one look.
BREATH_S = 0.05


class Looks:
    """Who comes or is rung for while one look is under way waits for the next."""

    def __init__(self, readers: set[Reader]) -> None:
        self.readers, self.due = readers, set[Reader]()
        self.newcomers: list[tuple[Caller, asyncio.Future[Standing | None]]] = []
        self.somebody_waits = asyncio.Event()

    async def standing_of(self, caller: Caller) -> Standing:
        """Who has come. Raises Closed."""
        answer: asyncio.Future[Standing | None] = asyncio.get_running_loop().create_future()
        self.newcomers.append((caller, answer))
        self.somebody_waits.set()
        if standing := await answer:
            return standing
        raise Nobody()

    def want(self, reader: Reader) -> None:
        """Who is being sent something is looked for when that is taken."""
        if reader.is_busy:
            reader.is_rung = True
        elif reader in self.readers:
            self.due.add(reader)
            self.somebody_waits.set()

    def want_all(self) -> None:
        for reader in self.readers:
            self.want(reader)

    def sent(self, reader: Reader) -> None:
        """What the last look has found for this reader is taken."""
        reader.is_busy = False
        if reader.is_rung:
            reader.is_rung = False
            self.want(reader)

    async def look_for_ever(self) -> None:
        """Until the task is cancelled, which a look that is under way in its thread does not tell."""
        loop, task = asyncio.get_running_loop(), cast("asyncio.Task[None]", asyncio.current_task())
        next_at = loop.time() + LOOK_EVERY_S
        while not task.cancelling():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(next_at):
                    await self.somebody_waits.wait()
            if loop.time() >= next_at:
                next_at = loop.time() + LOOK_EVERY_S
                self.want_all()
            if not self.newcomers:
                await asyncio.sleep(BREATH_S)
            try:
                await self.look()
            except Exception:
                log.exception("a look for the sockets failed")

    async def look(self) -> None:
        """Once, for all who wait."""
        self.somebody_waits.clear()
        newcomers, due = self.newcomers, list(self.due & self.readers)
        self.newcomers, self.due = [], set()
        if not newcomers and not due:
            return
        for reader in due:
            reader.ask()
        try:
            standings, news = await query(look, [caller for caller, _ in newcomers], due)
        except Exception as error:  # noqa: BLE001  each of the sockets raises it, and ends so
            resolve([answer for _, answer in newcomers], error)
            for reader in due:
                reader.end(error)
        else:
            for (_, answer), standing in zip(newcomers, standings, strict=True):
                resolve([answer], standing)
            for reader in due:
                self.deliver(reader, news.get(reader))

    def deliver(self, reader: Reader, news: News | None) -> None:
        if news is None or news.over:
            reader.end(news.over if news and news.over else Nobody())
            return
        reader.give(news.texts, news.after)
        if reader.is_busy and (not news.is_all or reader in self.due):
            self.due.discard(reader)
            reader.is_rung = True


def resolve(waiting: "list[asyncio.Future[Standing | None]]", found: Standing | Exception | None) -> None:
    """Who has gone meanwhile is told nothing."""
    for answer in waiting:
        if answer.done():
            continue
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)


async def query(question: Callable[..., Any], *args: Any) -> Any:
    """The database's answer. Raises Closed where there is none now."""
    try:
        return await sync_to_async(with_a_fresh_connection)(question, *args)
    except Exception as error:
        if not is_transient(error):
            raise
        log.warning("sockets end, for the database is away: %r", error)
        raise Closed(TRY_AGAIN, "the panel is busy") from error


def with_a_fresh_connection(question: Callable[..., Any], *args: Any) -> Any:
    """No connection is held between two looks."""
    close_old_connections()
    try:
        return question(*args)
    finally:
        close_old_connections()
