"""A main site: its orders, a queue that delivers twice and out of order, a nightly comparison. For test_main_site_life.py."""

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
SIZES = {"cpu": 2, "ram": 2, "disk": 50, "os": "Debian 12", "hypervisor": "proxmox"}
COMPARED = ("user_id", "name", "cpu", "ram", "disk", "os", "hypervisor")


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
    """`orders` are its orders' rows, whose `user_id` is the site's own number of a customer; those that ended are in `ended`.

    `ids` and `users` are the panel's numbers, once it has told; `problems` has why an order was set aside.
    """

    client: Any
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    ids: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    clock: Any = field(default_factory=lambda: itertools.count())

    def sell(self, number: int, customer: str, **wrong: Any) -> list[Message]:
        """Everything that this order has to tell the panel over its life. Every third is cancelled in the end."""
        order = f"{self.client.name}-{number}"
        row = SIZES | {"user_id": customer, "name": f"life {order}", "status": "creating"} | wrong
        messages = [self.message("create", order, row)]
        for step in LIFE:
            row = row | step | wrong
            messages.append(self.message("update", order, row))
        self.orders[order] = row
        return messages + (self.end(number) if number % 3 == 0 else [])

    def end(self, number: int) -> list[Message]:
        order = f"{self.client.name}-{number}"
        self.ended.add(order)
        return [self.message("delete", order, {})]

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
                done = list(workers.map(self.is_done_with, queue))
                left = [message for message, is_done in zip(queue, done, strict=True) if not is_done]
                queue = [message for message in left if message.order not in self.problems]

    def is_done_with(self, message: Message) -> bool:
        try:
            self.ids[message.order] = self.send(message)["vps"]["id"]
        except PanelError as error:
            if error.kind == "refused" and error.code not in ("vps_not_found", "vps_deleted"):
                self.problems[message.order] = error.code
                return True
            if error.code == "vps_deleted" and message.order in self.ended:
                return True
            if error.code == "vps_not_found" or error.kind == "passing":
                return False
            raise
        return True

    def send(self, message: Message) -> Any:
        which = {"external_id": message.order}
        if message.action == "delete":
            return self.client.delete(which, key=message.key)
        columns = message.columns | {"user_id": self.user_of(message.columns["user_id"])}
        if message.action == "create":
            return self.client.create(key=message.key, **which, **columns)
        return self.client.update(which, key=message.key, occurred_at=message.at, **columns)

    def user_of(self, customer: str) -> int:
        """Asked for the first time, and again after each comparison."""
        if customer not in self.users:
            name = f"{self.client.name}-{customer}"
            user = self.client.create_user(external_id=name, username=name, email=f"{name}@example.com")["user"]
            self.users[customer] = user["id"]
        return self.users[customer]

    def rows(self) -> dict[str, dict[str, Any]]:
        """What the panel should hold of it, what was set aside among it."""
        alive = {order: row for order, row in self.orders.items() if order not in self.ended}
        return {
            order: row
            | {"id": self.ids.get(order, 0), "external_id": order, "ram": row["ram"] * 1024}
            | {"user_id": self.user_of(row["user_id"])}
            for order, row in alive.items()
        }

    def agreed(self) -> list[dict[str, Any]]:
        return [row for order, row in self.rows().items() if order not in self.problems]

    def compare(self) -> int:
        """By what the site itself names, people first; how much there was to mend. What is refused is set aside."""
        self.users.clear()
        rows = self.rows()
        held = {row["external_id"]: row for row in self.client.rows() if row.get("external_id")}
        self.ids = {order: held[order]["id"] for order in rows if order in held}
        repairs = [self.repair("delete", order) for order in self.ended & held.keys()]
        for order, row in rows.items():
            if order not in held:
                repairs.append(self.repair("create", order))
            elif any(row[name] != held[order][name] for name in COMPARED):
                repairs.append(self.repair("update", order))
        self.problems = {}
        return sum(map(self.is_mended, repairs))

    def repair(self, action: str, order: str) -> Message:
        columns = {} if action == "delete" else self.orders[order]
        return Message(action, order, columns, datetime.now(UTC).isoformat(), None)

    def is_mended(self, repair: Message) -> bool:
        return self.is_done_with(repair) and repair.order not in self.problems
