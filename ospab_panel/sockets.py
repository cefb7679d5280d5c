"""Who may open which socket, before any of it is accepted. ospab_panel.asgi serves it.

A browser always says whose page it is on, and sends our cookie whether that page is ours or not. Who does not say is a
program, or lies, and its cookie is not read.
"""

from typing import Any

from django.conf import settings
from django.http import parse_cookie

from vps.db.encrypted import decryption_forbidden
from vps.socket_urls import FOR_BROWSERS, FOR_PROGRAMS

NOTHING_HERE = b'{"status": "error", "message": "There is nothing at this address.", "code": "not_found"}'


async def sockets(scope: Any, receive: Any, send: Any) -> None:
    origins = values(scope, b"origin")
    if not is_let_in(scope["path"], origins):
        await deny(send)
    elif scope["path"] not in FOR_BROWSERS:
        await send_not_found(scope, send)
    else:
        session = session_of(scope) if origins else ""
        with decryption_forbidden():
            await FOR_BROWSERS[scope["path"]](scope | {"session_key": session}, receive, send)


def is_let_in(path: str, origins: list[str]) -> bool:
    if not origins:
        return path in FOR_PROGRAMS
    return len(origins) == 1 and origins[0] in settings.WS_ORIGINS


def session_of(scope: Any) -> str:
    return parse_cookie("; ".join(values(scope, b"cookie"))).get(settings.SESSION_COOKIE_NAME, "")


def values(scope: Any, header: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == header]


async def deny(send: Any) -> None:
    """Before it is accepted: the web server makes a 403 of it."""
    await send({"type": "websocket.close"})


async def send_not_found(scope: Any, send: Any) -> None:
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await deny(send)
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(NOTHING_HERE)).encode())]
    await send({"type": "websocket.http.response.start", "status": 404, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": NOTHING_HERE})
