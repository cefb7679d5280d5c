"""Sockets, and HTTP through Django's WSGI handler, on one port. uvicorn serves it (`--lifespan off`).

HTTP goes through WSGI because Django's own ASGI handler runs every synchronous view in one thread a request, and gives
less than half the requests a second (measured: 0.57 against 1.28 of the same base).
"""

from typing import Any

from a2wsgi import WSGIMiddleware
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings

from ospab_panel.slow_bodies import hearing_first
from ospab_panel.wsgi import application as http

# The consumers import models, so they come after wsgi has set Django up.
from vps.models.encrypted import decryption_forbidden  # isort: skip
from vps.socket_urls import for_browsers, for_programs  # isort: skip

of_browsers = OriginValidator(AuthMiddlewareStack(URLRouter(for_browsers)), settings.WS_ORIGINS)
of_programs = URLRouter(for_programs)
PROGRAMS = {f"/{url.pattern}" for url in for_programs}
pages_and_api = WSGIMiddleware(http, workers=8)  # type: ignore[arg-type]  # Django's stubs name its own types


async def sockets(scope: Any, receive: Any, send: Any) -> None:
    """A browser always says whose page it is on, and sends our cookie whether that page is ours or not. Who does not say
    is a program, or lies: no cookie of its is read.
    """
    says_origin = any(name.lower() == b"origin" for name, _ in scope["headers"])
    is_program = scope["path"] in PROGRAMS and not says_origin
    with decryption_forbidden():
        await (of_programs if is_program else of_browsers)(scope, receive, send)


async def without_twins(scope: Any, receive: Any, send: Any) -> None:
    """WSGI writes `-` and `_` of a header's name alike, so a header with `_` could pass for one that it is not."""
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    await pages_and_api(scope | {"headers": headers}, receive, send)


application = ProtocolTypeRouter({"http": hearing_first(without_twins), "websocket": sockets})
