"""Some hundred users with ten servers each, bound to a cluster that was heard just now, and their tokens. For `http`."""

import os
from datetime import timedelta
from itertools import cycle
from typing import Any

import psycopg
from django.conf import settings
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from benchmarks.batch import ROWS
from vps.models import Cluster, Placement, Vps

CUSTOMERS, OF_EACH, READERS, BUYERS = 500, 10, 150, 150
ORDER = {"name": "web-01", "status": "creating", "cpu": 2, "ram": 2048, "disk": 40, "os": "Debian 12"}
ORDER |= {"hypervisor": "proxmox"}


def users_named(word: str, count: int) -> list[User]:
    named = [f"{word}-{number}" for number in range(count)]
    return User.objects.bulk_create([User(username=name, email=f"{name}@example.com") for name in named])


class Customers:
    def __init__(self) -> None:
        self.database_url, self.key = os.environ["DATABASE_URL"], settings.MAIN_SITE_API_KEYS[0]
        self.customers = users_named("customer", CUSTOMERS)
        # Whom the new servers are for, so that nobody's list grows.
        self.buyers = users_named("buyer", BUYERS)
        owned = [(user, number) for user in self.customers for number in range(OF_EACH)]
        columns: Any = ORDER | {"status": "running"}
        self.vpses = Vps.objects.bulk_create([Vps(user=user, **columns) for user, _ in owned])
        self.bind()
        self.tokens = [tokens.issue(user).access for user in self.customers[:READERS]]
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    def bind(self) -> None:
        """Its cluster is fresh for the time of the benchmark: nobody asks it."""
        seen_at = timezone.now() + timedelta(days=1)
        address: Any = {"hosts": ["127.0.0.1:1"], "token_id": "panel@pve!portal", "token_secret": "none"}
        cluster = Cluster.objects.create(name="main", seen_at=seen_at, **address)
        seen: Any = {"cluster": cluster, "kind": "qemu", "node": "one", "power": "running"}
        Placement.objects.bulk_create(
            [Placement(vps=vps, vmid=at, identity=f"uuid-{at}", **seen) for at, vps in enumerate(self.vpses, 100)]
        )

    def postmaster(self) -> int:
        """The process whose children serve our connections."""
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute("SELECT pg_backend_pid()").fetchone()
            assert row
            with open(f"/proc/{row[0]}/stat") as stat:
                return int(stat.read().rpartition(") ")[2].split()[1])

    def task(self, what: str, prefix: str) -> dict[str, Any]:
        """For benchmarks.load. Each update changes something: all servers run as it begins."""
        mine = Vps.objects.filter(pk__in=[vps.pk for vps in self.vpses])
        mine.exclude(status="running").update(status="running")
        of = {
            "list": self.tokens,
            "create": [user.pk for user in self.buyers],
            "update": [vps.pk for vps in self.vpses],
        }
        return {"of": of[what], "prefix": prefix, "order": ORDER, "key": self.key}

    def orders(self, prefix: str) -> list[dict[str, Any]]:
        """What of each row of a batch is said."""
        buyers = cycle(user.pk for user in self.buyers)
        return [ORDER | {"user_id": next(buyers), "external_id": f"{prefix}-{number}"} for number in range(ROWS)]
