"""The main site's whole life: orders, a queue that repeats itself, wrong data, a panel that goes away and forgets a day."""

import itertools
import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

from tests.clients.main_site import MainSite
from tests.stack.losses import LOST, NOTHING, losing
from tests.stack.yesterday import Copy

ORDERS = 12
AWAY_S = 5.0
# By its number: 8,192 GB, which the client refuses, and no core at all, which the panel does.
WRONG: dict[int, dict[str, Any]] = {7: {"ram": 8192}, 8: {"cpu": 0}}
MENDED = {"ram": 4, "cpu": 4}
# It was there yesterday, and comes back.
ENDED_LATE = 1


def test_sync_lets_both_sides_agree_in_the_end_whatever_happens_on_the_way(
    panel: Any, client_of: Any, tmp_path: Path
) -> None:
    client = client_of(panel.url, panel.demo["api_key"], timeout=3.0, retries=15, backoff=0.1)
    before, dice = client.rows(), random.Random(5)
    site = MainSite(client)
    site.deliver([message for at in range(ORDERS // 2) for message in site.sell(at, "old")], dice)
    yesterday = Copy(panel, tmp_path)
    trouble = start_trouble(panel.run)
    late = [message for at in range(ORDERS // 2, ORDERS) for message in site.sell(at, "new", **WRONG.get(at, {}))]
    site.deliver([*late, *site.end(ENDED_LATE)], dice)
    trouble.join()
    wrong = [f"{client.name}-{number}" for number in WRONG]
    assert site.problems == dict.fromkeys(wrong, "invalid")
    assert_agreed(client, before + site.agreed())
    held = {row["external_id"]: row for row in client.rows() if row.get("external_id") in site.orders}
    assert held.keys() == site.orders.keys() - site.ended - {*wrong}
    assert {(row["status"], row["ram"], row["cpu"]) for row in held.values()} == {("running", 4096, 4)}

    number = site.users["new"]
    yesterday.restore()
    others = somebody_else(client, number)
    with losing(panel.run.port, itertools.cycle([NOTHING, LOST])) as url:
        site.client = client_of(url, panel.demo["api_key"], timeout=3.0, retries=15, backoff=0.05)
        lost = [order for order in held if int(order.rpartition("-")[2]) >= ORDERS // 2]
        assert site.compare() == len(lost) + 1, "what was lost is made again, and what has come back is deleted"
        assert site.problems == dict.fromkeys(wrong, "invalid")
        assert_agreed(client, before + others + site.agreed())
        assert site.users["new"] != number
        assert site.compare() == 0, "the second night"
        for order in wrong:
            site.orders[order] |= MENDED
        assert site.compare() == len(wrong)
    assert site.problems == {}
    assert_agreed(client, before + others + site.agreed())

    ours = [{"id": row["id"]} for row in [*site.agreed(), *others]]
    client.batch([{"action": "delete", "vps": vps} for vps in ours])
    assert_agreed(client, before)


def assert_agreed(client: Any, rows: list[Any]) -> None:
    assert client.digest() == {"count": len(rows), "digest": client.digest_of(rows)}


def somebody_else(client: Any, number: int) -> list[Any]:
    """Come to the panel that has forgotten a day, and are given numbers that were given before: a user's, and VPSs'. A call
    that was cut off and came again has used up one more."""
    numbers = itertools.count()
    user: dict[str, Any] = {"id": 0}
    while user["id"] < number:
        name = f"else-{client.name}-{next(numbers)}"
        user = client.create_user(external_id=name, username=name, email=f"{name}@example.com")["user"]
    assert user["id"] == number
    sizes = {"cpu": 1, "ram": 1, "disk": 5, "os": "Debian 12"}
    return [client.create(user_id=user["id"], name="else", **sizes)["vps"] for _ in range(3)]


def start_trouble(run: Any) -> threading.Thread:
    """The web processes stop at once; some seconds later they go on, but for one, which is killed."""
    victim = run.web_processes[0]
    web = os.getpgid(victim)
    os.killpg(web, signal.SIGSTOP)

    def end() -> None:
        time.sleep(AWAY_S)
        os.killpg(web, signal.SIGCONT)
        os.kill(victim, signal.SIGKILL)

    thread = threading.Thread(target=end)
    thread.start()
    return thread
