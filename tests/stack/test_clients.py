"""The main site's clients and the running panel."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from clients.python.ospab_panel_client import PanelError
from tests.clients.proxy import FAULTS, bad_network

ORDER = {"user_id": 5, "status": "running", "cpu": 2, "ram": 2, "disk": 50, "os": "Ubuntu 22.04 LTS"}
ORDERS = 200


def test_client_create_on_a_bad_network_loses_no_order_and_does_none_twice(panel: Any, client_of: Any) -> None:
    """No external_id: each is told from the others by the key that the client gave it, and by nothing else."""
    key, timeout = panel.demo["api_key"], 4.0
    sight = client_of(panel.url, key, timeout=300.0)
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


def test_client_digest_is_the_panels(panel: Any, client_of: Any) -> None:
    client = client_of(panel.url, panel.demo["api_key"], timeout=300.0)
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


def test_client_login_link_lets_in_a_customer_whose_account_the_client_made(panel: Any, client_of: Any) -> None:
    client = client_of(panel.url, panel.demo["api_key"], timeout=100.0)
    person = {
        "external_id": f"17-{client.name}",
        "username": f"john-{client.name}",
        "email": f"{client.name}@example.com",
    }
    id = client.create_user(**person)["user"]["id"]
    assert client.create_user(**person)["user"]["id"] == id, "the same person, and not another one"
    with pytest.raises(PanelError) as taken:
        client.create_user(**person | {"external_id": "18"})
    assert (taken.value.status, taken.value.code) == (409, "username_taken")
    renamed = client.update_user({"external_id": person["external_id"]}, first_name="Джон")
    assert renamed["user"]["first_name"] == "Джон"

    link = client.login_link(id, "/profile/")["url"]
    browser = requests.Session()
    button = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(link).text)
    assert button
    page = browser.post(link, data={"csrfmiddlewaretoken": button[1]}, headers={"Referer": link})
    assert (page.status_code, page.url) == (200, f"{panel.url}/profile/")

    assert client.deactivate_user({"id": id})["user"]["is_active"] is False
    assert client.deactivate_user({"id": id})["already_inactive"] is True
    with pytest.raises(PanelError) as inactive:
        client.login_link(id)
    assert inactive.value.code == "user_inactive"


def test_client_events_are_in_the_order_in_which_they_happened(panel: Any, client_of: Any) -> None:
    client = client_of(panel.url, panel.demo["api_key"], timeout=100.0)
    last = max((event["id"] for event in client.events(0, limit=1000)), default=0)
    id = client.create(name=f"events {client.name}", **ORDER)["vps"]["id"]
    client.update({"id": id}, cpu=3)
    client.delete({"id": id})
    found = [event for event in client.events(last, limit=1) if event["vps_id"] == id]
    assert [event["type"] for event in found] == ["vps.created", "vps.updated", "vps.deleted"]
    assert {event["source"] for event in found} == {"sync"}
    deleted = [event for event in client.events(last, types=["vps.deleted"]) if event["vps_id"] == id]
    assert deleted == found[2:]
