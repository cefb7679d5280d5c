"""What the sockets of all web processes are told by Redis, as a test hears it."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings

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
