"""What is the same in the life of every socket: how it begins, what is sent, and how it ends. For both endpoints."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from accounts.callers import Caller, Standing
from vps.sockets.connection import AGAINST_THE_RULES, TRY_AGAIN, Closed, Connection, Gone
from vps.sockets.process import here
from vps.sockets.reader import Reader
from vps.sockets.slots import slot_of_process, slot_of_user

MOMENT_S = 1
TAKEN_WITHIN_S = 15


async def run(connection: Connection, serve: Callable[[Connection], Awaitable[None]]) -> None:
    """A database that is away ends the socket, for nobody can be known: its reader comes back and goes on."""
    try:
        with slot_of_process(), here().at_work():
            await serve(connection)
    except* Closed as ends:
        await close(connection, ends.exceptions[0])
    except* (Gone, OSError):
        pass


@contextlib.contextmanager
def reader_of(kind: str, caller: Caller, standing: Standing, after: int | None = None) -> Iterator[Reader]:
    """Raises Closed where this user has as many sockets as one may."""
    reader = Reader(caller, standing, after)
    with slot_of_user(kind, reader.user), here().joined(reader, standing.until):
        yield reader


async def talk(connection: Connection, reader: Reader) -> None:
    """Send what is new, until it or the other end raises why the socket ends."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send_news(connection, reader))
        await refuse_messages(connection)


async def refuse_messages(connection: Connection) -> None:
    """Raises Gone, or Closed where the other end says something."""
    await connection.next_message()
    raise Closed(AGAINST_THE_RULES, "nothing but the token is listened to")


async def send_news(connection: Connection, reader: Reader) -> None:
    """For ever. Raises Closed once the caller is nobody any more, or too slow."""
    while True:
        texts = await reader.next_texts()
        try:
            async with asyncio.timeout(TAKEN_WITHIN_S):
                for text in texts:
                    await connection.send_text(text)
        except TimeoutError:
            raise Closed(TRY_AGAIN, "what is sent is not taken") from None
        here().looks.sent(reader)


async def close(connection: Connection, why: Any) -> None:
    """Whoever takes nothing is not waited for."""
    with contextlib.suppress(OSError):
        async with asyncio.timeout(MOMENT_S):
            await connection.close(why)
