"""The main site's whole life: orders, payments, cancellations, a queue that repeats itself, and a panel that goes away."""

import os
import random
import signal
import threading
import time
from typing import Any

from tests.clients.main_site import MainSite

ORDERS = 12
AWAY_S = 5.0


def test_sync_lets_both_sides_agree_in_the_end_whatever_happens_on_the_way(panel: Any, client_of: Any) -> None:
    client = client_of(panel.url, panel.demo["api_key"], timeout=3.0, retries=15, backoff=0.1)
    before, dice = client.rows(), random.Random(5)
    site = MainSite(client)
    site.deliver([message for at in range(ORDERS // 2) for message in site.sell(at)], dice)
    trouble = start_trouble(panel.run)
    site.deliver([message for at in range(ORDERS // 2, ORDERS) for message in site.sell(at)], dice)
    trouble.join()

    expected = before + site.rows()
    assert client.digest() == {"count": len(expected), "digest": client.digest_of(expected)}
    held = {row["external_id"]: row for row in client.rows() if row.get("external_id") in site.orders}
    assert held.keys() == site.orders.keys() - site.deleted
    assert {(row["status"], row["ram"], row["cpu"]) for row in held.values()} == {("running", 4096, 4)}

    client.batch([{"action": "delete", "vps": {"external_id": order}} for order in held])
    assert client.digest() == {"count": len(before), "digest": client.digest_of(before)}


def start_trouble(run: Any) -> threading.Thread:
    """The web processes stop at once; some seconds later they go on, but for one, which is killed."""
    (web,) = run.pids("uvicorn ospab_panel.asgi")
    victim = next(pid for pid in run.pids("spawn_main") if os.getpgid(pid) == web)
    os.killpg(web, signal.SIGSTOP)

    def end() -> None:
        time.sleep(AWAY_S)
        os.killpg(web, signal.SIGCONT)
        os.kill(victim, signal.SIGKILL)

    thread = threading.Thread(target=end)
    thread.start()
    return thread
