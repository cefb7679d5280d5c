"""The open pages' socket: it says which VPS to look at again, and nothing of what there is to see.

The page then asks by HTTP, under the viewer's rights of that moment. The browser's live.js is its only caller.
"""

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from vps import notify


class PageConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """Closed with 4401 to who is not logged in. It listens to nothing."""

    async def connect(self) -> None:
        user = self.scope["user"]
        if not user.is_authenticated:
            # Before it is accepted a browser is told no code at all, and would try for ever.
            await self.accept()
            await self.close(4401)
            return
        await self.channel_layer.group_add(notify.group_of(user.pk), self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        user = self.scope["user"]
        if user.is_authenticated:
            await self.channel_layer.group_discard(notify.group_of(user.pk), self.channel_name)

    async def receive(self, text_data: Any = None, bytes_data: Any = None, **kwargs: Any) -> None:
        await self.close(1008)

    async def vps_changed(self, message: dict[str, Any]) -> None:
        await self.send_json({"vps": message["vps"]})
