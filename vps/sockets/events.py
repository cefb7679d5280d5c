"""/ws/events: sends what the feed has after the last event that was sent, in its order, and goes on so.

Before each page it is asked anew who reads. A page is all that is held in memory.
"""

from typing import Any

from vps.sockets.connection import Connection
from vps.sockets.handshake import caller_of, start_of
from vps.sockets.lifetime import reader_of, run, talk


async def event_socket(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application."""
    await run(Connection(scope, receive, send), serve)


async def serve(connection: Connection) -> None:
    await connection.next_message()
    await connection.accept()
    after = start_of(connection.scope)
    caller, standing = await caller_of(connection)
    with reader_of("events", caller, standing, after) as reader:
        await talk(connection, reader)
