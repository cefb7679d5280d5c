"""The main site's clients and the running panel."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.clients.proxy import FAULTS, bad_network

ORDER = {"user_id": 5, "status": "running", "cpu": 2, "ram": 2, "disk": 50, "os": "Ubuntu 22.04 LTS"}
ORDERS = 200


def test_on_a_bad_network_no_order_is_lost_and_none_is_done_twice(panel: Any, client_of: Any) -> None:
    """No external_id: each is told from the others by the key that the client gave it, and by nothing else."""
    key, timeout = panel.demo["api_key"], 2.0
    sight = client_of(panel.url, key, timeout=30.0)
    last = max((row["id"] for row in sight.rows()), default=0)
    with bad_network(panel.run.port, seed=17, too_late_s=timeout + 0.5) as network:
        client = client_of(network.url, key, timeout=timeout, retries=12, backoff=0.05)
        with ThreadPoolExecutor(8) as buyers:
            made = list(buyers.map(lambda at: client.create(name=f"bad-network-{at}", **ORDER)["vps"], range(ORDERS)))
        assert all(network.dealt[fault] for fault in FAULTS), network.dealt
    held = sight.rows(after=last)
    assert Counter(row["name"] for row in held) == {f"bad-network-{at}": 1 for at in range(ORDERS)}
    assert sorted(row["id"] for row in made) == [row["id"] for row in held]

    answer = sight.batch([{"action": "delete", "vps": {"id": row["id"]}} for row in held])
    assert (answer["status"], sight.rows(after=last)) == ("success", [])


def test_panel_and_client_count_the_same_digest(panel: Any, client_of: Any) -> None:
    client = client_of(panel.url, panel.demo["api_key"], timeout=30.0)
    made = client.batch(
        [
            {"action": "create", "vps": ORDER | {"name": "дайджест 🚀", "external_id": f"digest-{client.name}"}},
            {"action": "create", "vps": ORDER | {"name": "digest", "status": "suspended", "hypervisor": "kvm"}},
        ],
        key=f"digest-{client.name}",
    )
    assert made["status"] == "success", made
    rows = client.rows(limit=1)
    assert client.digest() == {"count": len(rows), "digest": client.digest_of(rows)}
    rows[-1]["status"] = "running"
    assert client.digest()["digest"] != client.digest_of(rows)
    client.batch([{"action": "delete", "vps": {"id": result["vps"]["id"]}} for result in made["results"]])
