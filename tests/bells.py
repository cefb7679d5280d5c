"""What the sockets of all web processes are told by Redis, as a test hears it."""

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from redis.connection import AbstractConnection

from vps import notify


class Received:
    def __init__(self) -> None:
        self.redis = notify.client(settings.REDIS_URL)
        self.subscription = self.redis.pubsub()
        self.subscription.subscribe(notify.channel())
        assert self.subscription.get_message(timeout=60)

    def published(self) -> list[list[Any]]:
        """What came until now, each with all that was published by it."""
        self.redis.publish(notify.channel(), "[]")
        found: list[list[Any]] = []
        while (messages := json.loads(self.subscription.get_message(timeout=60)["data"])) != []:
            found.append(messages)
        return found

    def of(self, group: str) -> list[int | None]:
        """The VPSs of what was said to this group until now; None stands for a message that names no VPS."""
        return [message.get("vps") for messages in self.published() for to, message in messages if to == group]


@contextlib.contextmanager
def receiving() -> Iterator[Received]:
    received = Received()
    try:
        yield received
    finally:
        received.subscription.close()


COMMAND = re.compile(rb"\*\d+\r\n\$\d+\r\n([A-Z]+)\r\n")


@contextlib.contextmanager
def calls_of_redis() -> Iterator[list[list[str]]]:
    """What this process asks Redis, a list a call: the names of the commands that go together."""
    calls: list[list[str]] = []
    send = AbstractConnection.send_packed_command

    def counted(self: Any, command: Any, check_health: bool = True) -> Any:
        packed = command if isinstance(command, bytes) else b"".join(command)
        calls.append([name.decode() for name in COMMAND.findall(packed)])
        return send(self, command, check_health)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(AbstractConnection, "send_packed_command", counted)
        yield calls
