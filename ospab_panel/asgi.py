"""Sockets, static files, and HTTP through Django's WSGI handler, on one port. uvicorn serves it (`--lifespan on`).

HTTP goes through WSGI because Django's own ASGI handler runs every synchronous view in one thread a request, and gives
less than half the requests a second (measured: 0.57 against 1.28 of the same base).
"""

import logging
from typing import Any

from accounts.log_line import WithoutLinksInArguments
from ospab_panel.wsgi import application as http

# The sockets import models, and request bodies the API key, so they come after wsgi has set Django up.
from ospab_panel.sockets import sockets  # isort: skip
from ospab_panel.server.lifespan import lifespan  # isort: skip
from ospab_panel.server.static_files import StaticFiles  # isort: skip
from ospab_panel.server.wsgi_bridge import WsgiBridge  # isort: skip

THREADS = 8
# The web server writes a line of each request by itself, unless it is told not to, and of each socket in its other log.
for name in ("uvicorn.access", "uvicorn.error"):
    logging.getLogger(name).addFilter(WithoutLinksInArguments())

by_protocol: dict[str, Any] = {
    "http": StaticFiles(WsgiBridge(http, THREADS)),
    "websocket": sockets,
    "lifespan": lifespan,
}


async def application(scope: Any, receive: Any, send: Any) -> None:
    await by_protocol[scope["type"]](scope, receive, send)
