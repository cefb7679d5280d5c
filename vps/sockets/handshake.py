"""Who opens a socket of events, and from where in the feed. For `events`.

A cookie counts only where ospab_panel.sockets has read it, of our own page; a token may be a browser's or a program's.
"""

import asyncio
import contextlib
import json
from typing import Any
from urllib.parse import parse_qs

from accounts.callers import BySession, ByToken, Caller, Standing
from vps.sockets.connection import AGAINST_THE_RULES, BAD_AFTER, NOT_AUTHENTICATED, Closed, Connection, Nobody
from vps.sockets.process import here
from vps.sockets.slots import slot_of_unknown

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


async def caller_of(connection: Connection) -> tuple[Caller, Standing]:
    """Where both came, a token outranks the cookie. Raises Closed, Gone."""
    standing_of = here().looks.standing_of
    for name in connection.scope["subprotocols"]:
        if name.startswith(BEARER):
            by_name = ByToken(name.removeprefix(BEARER))
            return by_name, await standing_of(by_name)
    if key := connection.scope.get("session_key", ""):
        by_cookie = BySession(key)
        with contextlib.suppress(Nobody):
            return by_cookie, await standing_of(by_cookie)
    by_token = ByToken(await first_message(connection))
    return by_token, await standing_of(by_token)


async def first_message(connection: Connection) -> str:
    try:
        with slot_of_unknown(connection.scope):
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
