"""A main site with its own orders and a queue that delivers twice and out of order. For tests/stack/test_main_site_life.py."""

import itertools
import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from clients.python.ospab_panel_client import PanelError

# What becomes of an order, each step with all that the main site knows by then: what overtakes it may not hide a part.
LIFE: tuple[dict[str, Any], ...] = (
    {"status": "running"},
    {"status": "suspended"},
    {"status": "running", "ram": 4, "cpu": 4},
)
SIZES = {"user_id": 5, "cpu": 2, "ram": 2, "disk": 50, "os": "Debian 12", "hypervisor": "proxmox"}


@dataclass
class Message:
    """`action` of the order's VPS, which happened at `at`. Every other one has a key of its own, which is the queue's."""

    action: str
    order: str
    columns: dict[str, Any]
    at: str
    key: str | None


@dataclass
class MainSite:
    """`orders` are its orders' rows; those of the deleted ones are in `deleted`. Ids are the panel's, once it has told."""

    client: Any
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    ids: dict[str, int] = field(default_factory=dict)
    clock: Any = field(default_factory=lambda: itertools.count())

    def sell(self, number: int) -> list[Message]:
        """Everything that this order has to tell the panel over its life. Every third is cancelled in the end."""
        order = f"{self.client.name}-{number}"
        row = SIZES | {"name": f"life {order}", "status": "creating"}
        messages = [self.message("create", order, row)]
        for step in LIFE:
            row = row | step
            messages.append(self.message("update", order, row))
        self.orders[order] = row
        if number % 3 == 0:
            self.deleted.add(order)
            messages.append(self.message("delete", order, {}))
        return messages

    def message(self, action: str, order: str, columns: dict[str, Any]) -> Message:
        tick = next(self.clock)
        at = datetime.now(UTC) - timedelta(hours=1) + timedelta(milliseconds=tick)
        return Message(action, order, columns, at.isoformat(), f"{order}-{tick}" if tick % 2 else None)

    def deliver(self, messages: Iterable[Message], dice: random.Random) -> None:
        """All of it twice, in any order, eight at a time. What has overtaken its VPS's creation goes back to the queue."""
        queue = [*messages] * 2
        with ThreadPoolExecutor(8) as workers:
            while queue:
                dice.shuffle(queue)
                done = list(workers.map(self.is_delivered, queue))
                queue = [message for message, is_done in zip(queue, done, strict=True) if not is_done]

    def is_delivered(self, message: Message) -> bool:
        try:
            self.ids[message.order] = self.send(message)["vps"]["id"]
        except PanelError as error:
            if error.code == "vps_deleted" and message.order in self.deleted:
                return True
            if error.code == "vps_not_found":
                return False
            raise
        return True

    def send(self, message: Message) -> Any:
        which = {"external_id": message.order}
        if message.action == "create":
            return self.client.create(key=message.key, **which, **message.columns)
        if message.action == "delete":
            return self.client.delete(which, key=message.key)
        return self.client.update(which, key=message.key, occurred_at=message.at, **message.columns)

    def rows(self) -> list[dict[str, Any]]:
        """What the panel should hold of it."""
        alive = {order: row for order, row in self.orders.items() if order not in self.deleted}
        return [
            row | {"id": self.ids[order], "external_id": order, "ram": row["ram"] * 1024}
            for order, row in alive.items()
        ]
