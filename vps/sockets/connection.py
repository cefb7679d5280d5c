"""One open WebSocket as ASGI has it, and the ways in which it ends. For the modules of this package."""

from dataclasses import dataclass
from typing import Any

BAD_AFTER, NOT_AUTHENTICATED, FROM_THE_FUTURE = 4400, 4401, 4410
AGAINST_THE_RULES, TRY_AGAIN = 1008, 1013


class Closed(Exception):
    """We close it. `reason` is for the developer at the other end."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(f"{code} {reason}")


class Nobody(Closed):
    """Who was somebody, or said so, is nobody."""

    def __init__(self) -> None:
        super().__init__(NOT_AUTHENTICATED, "log in again")


class Gone(Exception):
    """The other end has closed it."""


@dataclass
class Connection:
    scope: dict[str, Any]
    receive: Any
    send: Any
    is_accepted: bool = False

    async def accept(self) -> None:
        """Before it is accepted a browser learns no code at all. The name that bears a token is never sent back."""
        self.is_accepted = True
        offered = self.scope["subprotocols"]
        chosen = "panel.v1" if "panel.v1" in offered else None
        await self.send({"type": "websocket.accept", "subprotocol": chosen})

    async def next_message(self) -> dict[str, Any]:
        """Raises Gone."""
        message: dict[str, Any] = await self.receive()
        if message["type"] == "websocket.disconnect":
            raise Gone
        return message

    async def send_text(self, text: str) -> None:
        """Waits until the other end takes it. Raises OSError once that is gone, as ASGI has it."""
        await self.send({"type": "websocket.send", "text": text})

    async def close(self, why: Closed) -> None:
        if not self.is_accepted:
            await self.accept()
        await self.send({"type": "websocket.close", "code": why.code, "reason": why.reason})
