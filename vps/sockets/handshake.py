"""Who opens a socket of events, and from where in the feed. For `events`.

A cookie counts only where ospab_panel.sockets has read it, of our own page; a token may be a browser's or a program's.
"""

import asyncio
import json
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from accounts.callers import Caller, of_session, of_token
from vps.sockets.connection import AGAINST_THE_RULES, BAD_AFTER, NOT_AUTHENTICATED, Closed, Connection
from vps.sockets.lifetime import query

TOKEN_WITHIN_S = 10
LARGEST_MESSAGE = 64 * 1024
BIGGEST_ID = 2**63 - 1
BEARER = "bearer."


def start_of(scope: dict[str, Any]) -> int:
    """The id to go on from. Raises Closed."""
    parameters = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if parameters.keys() - {"after"} or len(parameters.get("after", [])) > 1:
        raise Closed(BAD_AFTER, "this address takes after, once, and nothing else")
    text = parameters.get("after", ["0"])[0]
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= BIGGEST_ID):
        raise Closed(BAD_AFTER, "after must be the id of an event")
    return int(text)


async def caller_of(connection: Connection) -> Caller:
    """Where both came, a token outranks the cookie. Raises Closed, Gone."""
    for name in connection.scope["subprotocols"]:
        if name.startswith(BEARER):
            return partial(of_token, name.removeprefix(BEARER))
    by_cookie = partial(of_session, connection.scope.get("session_key", ""))
    if await query(by_cookie):
        return by_cookie
    return partial(of_token, await first_message(connection))


async def first_message(connection: Connection) -> str:
    try:
        async with asyncio.timeout(TOKEN_WITHIN_S):
            return token_in(await connection.next_message())
    except TimeoutError:
        raise Closed(NOT_AUTHENTICATED, "no token came") from None


def token_in(message: dict[str, Any]) -> str:
    text = message.get("text") or ""
    try:
        given = json.loads(text) if len(text) <= LARGEST_MESSAGE else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or list(given) != ["token"] or not isinstance(given["token"], str):
        raise Closed(AGAINST_THE_RULES, 'the first message must be {"token": "..."}')
    return given["token"]
