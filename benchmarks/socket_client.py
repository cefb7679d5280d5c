"""Thousands of sockets in a process of their own. benchmarks.sockets starts it, and says by lines of JSON what they do.

It speaks as much of WebSocket as a reader does who listens, answers pings, and notes when something has come.
"""

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from typing import Any

import uvloop

TEXTS, CLOSE, PING, PONG = (1, 2), 8, 9, b"\x8a"
NO_MASK = bytes(4)
TRY_AGAIN = 1013
OPENED_WITHIN_S, PATIENCE_S = 60, 60


class Client(asyncio.Protocol):
    """`outcome` is `open`, `told` of who is told to come back, or `refused`."""

    def __init__(self, head: str) -> None:
        self.head, self.buffer, self.received_at = head.encode(), b"", 0.0
        self.is_in_head = True
        self.outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.head)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.is_in_head:
            head, ends, rest = self.buffer.partition(b"\r\n\r\n")
            if not ends:
                return
            self.is_in_head, self.buffer = False, rest
            if not head.startswith(b"HTTP/1.1 101"):
                self.decide("told" if b"retry-after" in head.lower() else "refused")
            elif "GET /ws/pages" in self.head.decode():
                self.decide("open")
        while (length := self.frame_length()) is not None:
            frame, self.buffer = self.buffer[:length], self.buffer[length:]
            self.answer(frame)

    def frame_length(self) -> int | None:
        if len(self.buffer) < 4:
            return None if len(self.buffer) < 2 or self.buffer[1] else 2
        short = self.buffer[1]
        length = 4 + int.from_bytes(self.buffer[2:4], "big") if short == 126 else 2 + short
        return length if len(self.buffer) >= length else None

    def answer(self, frame: bytes) -> None:
        kind = frame[0] & 15
        if kind == PING:
            self.transport.write(PONG + bytes([128 + len(frame) - 2]) + NO_MASK + frame[2:])
        elif kind == CLOSE:
            code = int.from_bytes(frame[2:4], "big")
            self.decide("told" if code == TRY_AGAIN else "refused")
            self.transport.abort()
        elif kind in TEXTS:
            self.received_at = time.monotonic()
            self.decide("open")

    def connection_lost(self, error: Exception | None) -> None:
        self.decide("refused")

    def decide(self, outcome: str) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Clients:
    def __init__(self, port: int) -> None:
        self.port, self.clients = port, list[Client]()

    async def open(self, heads: list[str], at_once: int) -> Counter[str]:
        """A page is open once it is accepted, which is when it is known whose it is; another one once it was sent an event."""
        limit = asyncio.Semaphore(at_once)
        made = await asyncio.gather(*(self.open_one(head, limit) for head in heads))
        self.clients += [client for client in made if client]
        return Counter(client.outcome.result() if client and client.outcome.done() else "refused" for client in made)

    async def open_one(self, head: str, limit: asyncio.Semaphore) -> Client | None:
        async with limit:
            try:
                async with asyncio.timeout(OPENED_WITHIN_S):
                    loop = asyncio.get_running_loop()
                    _, client = await loop.create_connection(lambda: Client(head), "127.0.0.1", self.port)
                    await asyncio.shield(client.outcome)
            except (OSError, TimeoutError):
                return None
            return client

    async def drop(self, count: int) -> dict[str, int]:
        dropped, self.clients = self.clients[:count], self.clients[count:]
        for client in dropped:
            client.transport.abort()
        return {"dropped": len(dropped)}

    async def received(self, since: float) -> dict[str, Any]:
        """How long after `since` half of them, and all of them, had something."""
        while time.monotonic() < since + PATIENCE_S and any(client.received_at < since for client in self.clients):
            await asyncio.sleep(0.05)
        at = sorted(client.received_at for client in self.clients)
        missing = sum(each < since for each in at)
        return {"half": at[len(at) // 2] - since, "all": at[-1] - since, "missing": missing}


async def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    clients = Clients(int(sys.argv[1]))
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        name, given = json.loads(line)
        print(json.dumps(await getattr(clients, name)(**given)), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
