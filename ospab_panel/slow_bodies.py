"""A body is heard before a thread is taken for it, so nobody holds the threads by sending a byte a minute.

ospab_panel.asgi calls it. No door reads more than this of a caller whom it does not know: what is larger is the main
site's, and is read on by its own door.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

HEARD = 1024 * 1024 + 1
WITHIN_S = 60
Application = Callable[[Any, Any, Any], Awaitable[None]]
BODY = {"status": "error", "message": "The body did not come in time.", "code": "request_timeout"}


class Gone(Exception):
    """The caller has hung up: half a body is not to be acted on."""


def hearing_first(application: Application) -> Application:
    async def hear(scope: Any, receive: Any, send: Any) -> None:
        try:
            async with asyncio.timeout(WITHIN_S):
                heard = await first_of(receive)
        except TimeoutError:
            await refuse(send)
        except Gone:
            return
        else:
            await application(scope, again(heard, receive), send)

    return hear


async def first_of(receive: Any) -> list[dict[str, Any]]:
    """Messages that hold the whole body, or its first megabyte. Raises Gone."""
    heard: list[dict[str, Any]] = []
    size, has_more = 0, True
    while has_more and size < HEARD:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        heard.append(message)
        size, has_more = size + len(message.get("body", b"")), message.get("more_body", False)
    return heard


def again(heard: list[dict[str, Any]], receive: Any) -> Callable[[], Awaitable[Any]]:
    messages = iter(heard)

    async def receive_again() -> Any:
        return next(messages, None) or await receive()

    return receive_again


async def refuse(send: Any) -> None:
    body = json.dumps(BODY).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 408, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})
