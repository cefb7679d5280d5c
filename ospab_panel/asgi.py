"""Sockets, static files, and HTTP through Django's WSGI handler, on one port. uvicorn serves it (`--lifespan off`).

HTTP goes through WSGI because Django's own ASGI handler runs every synchronous view in one thread a request, and gives
less than half the requests a second (measured: 0.57 against 1.28 of the same base).
"""

import logging
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings

from ospab_panel.log_line import WithoutLinksInArguments
from ospab_panel.wsgi import application as http
from ospab_panel.wsgi_bridge import WsgiBridge

# The consumers import models, and request bodies the API key, so they come after wsgi has set Django up.
from ospab_panel.static_files import StaticFiles  # isort: skip
from vps.models.encrypted import decryption_forbidden  # isort: skip
from vps.socket_urls import for_browsers, for_programs  # isort: skip

of_browsers = OriginValidator(AuthMiddlewareStack(URLRouter(for_browsers)), settings.WS_ORIGINS)
of_programs = URLRouter(for_programs)
PROGRAMS = {f"/{url.pattern}" for url in for_programs}
THREADS = 8
# The web server writes a line of each request by itself, unless it is told not to.
logging.getLogger("uvicorn.access").addFilter(WithoutLinksInArguments())


async def sockets(scope: Any, receive: Any, send: Any) -> None:
    """A browser always says whose page it is on, and sends our cookie whether that page is ours or not. Who does not say
    is a program, or lies: no cookie of its is read.
    """
    says_origin = any(name.lower() == b"origin" for name, _ in scope["headers"])
    is_program = scope["path"] in PROGRAMS and not says_origin
    with decryption_forbidden():
        await (of_programs if is_program else of_browsers)(scope, receive, send)


application = ProtocolTypeRouter({"http": StaticFiles(WsgiBridge(http, THREADS)), "websocket": sockets})
