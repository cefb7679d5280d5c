"""What begins and ends with a process that serves. ospab_panel.asgi calls it; uvicorn speaks of it by `--lifespan on`.

Where nobody speaks of it, what may come a moment later is written and sent at once.
"""

import asyncio
from typing import Any

from vps import notify
from vps.services import sync_calls
from web import bell, garbage

BEHIND = (sync_calls.rows, notify.sending)


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "lifespan.startup"
    garbage.collect_seldom(every=20_000)
    for behind in BEHIND:
        behind.start()
    await send({"type": "lifespan.startup.complete"})
    loading = asyncio.create_task(asyncio.to_thread(bell.loaded))
    assert (await receive())["type"] == "lifespan.shutdown"
    await loading
    for behind in BEHIND:
        await asyncio.to_thread(behind.flush)
    await send({"type": "lifespan.shutdown.complete"})
