"""Users with a server each, and their tokens. For `sockets`."""

import time
from typing import Any

from django.db import transaction

from accounts import tokens
from accounts.models import User
from benchmarks.customers import ORDER
from vps.models import Event, Vps


class Readers:
    def __init__(self, count: int) -> None:
        named = [f"reader-{number}" for number in range(count)]
        users = User.objects.bulk_create([User(username=name, email=f"{name}@example.com") for name in named])
        columns: Any = ORDER | {"status": "running"}
        self.vpses = Vps.objects.bulk_create([Vps(user=user, **columns) for user in users])
        self.tokens = [tokens.issue(user).access for user in users]

    def change(self) -> float:
        """One transaction records an event of each, and rings by itself. Returns when it began to commit."""
        data = {"changed": ["cpu"]}
        events = [
            Event(type="vps.updated", vps_id=vps.pk, user_id=vps.user_id, source="sync", data=data)
            for vps in self.vpses
        ]
        with transaction.atomic():
            Event.objects.record_all(events)
            return time.monotonic()
