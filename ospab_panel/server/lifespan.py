"""What begins and ends with a process that serves. ospab_panel.asgi calls it; uvicorn speaks of it by `--lifespan on`.

Where nobody speaks of it, rows that may come a moment later are written at once.
"""

import asyncio
from typing import Any

from vps.services import sync_calls
from web import bell


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "lifespan.startup"
    sync_calls.rows.start()
    await send({"type": "lifespan.startup.complete"})
    loading = asyncio.create_task(asyncio.to_thread(bell.loaded))
    assert (await receive())["type"] == "lifespan.shutdown"
    await loading
    await asyncio.to_thread(sync_calls.rows.flush)
    await send({"type": "lifespan.shutdown.complete"})
