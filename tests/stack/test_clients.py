"""The main site's clients and the running panel."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from clients.python.ospab_panel_client import OspabPanel, PanelError
from tests.clients.proxy import FAULTS, bad_network
from tests.clients.stories import STORIES, outcome_of
from tests.simulated import wait_for

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
        "external_id": f"17 🚀% {client.name}",
        "username": f"john-{client.name}",
        "email": f"{client.name}@example.com",
    }
    id = client.create_user(**person)["user"]["id"]
    assert client.create_user(**person)["user"]["id"] == id, "the same person, and not another one"
    with pytest.raises(PanelError) as taken:
        client.create_user(**person | {"external_id": f"18 {client.name}"})
    assert (taken.value.status, taken.value.code) == (409, "username_taken")
    renamed = client.update_user({"external_id": person["external_id"]}, first_name="Джон")
    assert renamed["user"]["first_name"] == "Джон"
    assert client.user({"external_id": person["external_id"]}) == renamed["user"]
    assert client.users(email=person["email"].upper(), username=person["username"]) == [renamed["user"]]
    assert client.user({"external_id": "nobody's"}) is None

    link = client.login_link({"external_id": person["external_id"]}, "/profile/")["url"]
    browser = requests.Session()
    button = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(link).text)
    assert button
    page = browser.post(link, data={"csrfmiddlewaretoken": button[1]}, headers={"Referer": link})
    assert (page.status_code, page.url) == (200, f"{panel.url}/profile/")

    assert client.deactivate_user({"id": id})["user"]["is_active"] is False
    assert client.deactivate_user({"id": id})["already_inactive"] is True
    with pytest.raises(PanelError) as inactive:
        client.login_link({"id": id})
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


UNSAFE = "заказ 17/stats?#%2F"
GUEST = {"cluster": "demo", "node": "pve2", "vmid": 114, "kind": "qemu"}
VARYING = {"id", "vps_id", "created_at", "updated_at"}


def test_client_reads_one_vps_by_any_external_id(panel: Any, client_of: Any) -> None:
    client = client_of(panel.url, panel.demo["api_key"], timeout=100.0)
    for name in (f"plain-{client.name}", f"{UNSAFE} {client.name}", f"{client.name}/../operations"):
        which = {"external_id": name}
        row = client.create(name=f"read {client.name}", **which, **ORDER)["vps"]
        assert client.one(which)["vps"] == row
        assert client.one({"id": row["id"]}) == client.one(which)
        assert (client.stats(which)["vps_id"], client.operations(which)) == (row["id"], [])
        assert client.rows(external_id=name, user_id=5, status=["running", "stopped"]) == [row]
        assert client.rows(id=row["id"], user_id=6) == []
        client.delete(which)
        with pytest.raises(PanelError) as gone:
            client.one({"id": row["id"]})
        assert gone.value.code == "vps_deleted"


def test_client_presses_buttons_and_waits_for_them(panel: Any, client_of: Any) -> None:
    client, alice = client_of(panel.url, panel.demo["api_key"], timeout=100.0), panel.user("alice")["id"]
    name = {"external_id": f"buttons-{client.name}"}
    client.create(name="buttons", placement=GUEST, **name, **ORDER | {"user_id": alice})
    wait_for(lambda: client.one(name)["observed"]["power"], 20, "the guest is seen")
    stop = {"verb": "stop", "force": True, "on_behalf_of": alice, "key": f"stop-{client.name}"}
    asked, again = client.press(name, **stop), client.press(name, **stop)
    assert (again["replayed"], again["operation"]["id"]) == (True, asked["operation"]["id"])
    ended = client.wait_for(asked["operation"]["id"], timeout=100)
    assert (ended["state"], ended["requested_by"]) == ("succeeded", "alice")
    assert client.operations(name) == [client.operation(ended["id"])]
    started = client.wait_for(client.press(name, "start")["operation"]["id"], timeout=100)
    assert (started["state"], started["requested_by"]) == ("succeeded", None)
    seen = client.one(name)
    assert (seen["placement"], seen["observed"]["power"], seen["operation"]) == (GUEST, "running", None)
    with pytest.raises(PanelError) as denied:
        client.press(name, "stop", on_behalf_of=panel.user("bob")["id"])
    assert (denied.value.status, list(denied.value.errors)) == (400, ["on_behalf_of"])
    client.delete(name)


def test_client_suspends_and_says_why(panel: Any, client_of: Any) -> None:
    client = client_of(panel.url, panel.demo["api_key"], timeout=100.0)
    name = {"external_id": f"unpaid-{client.name}"}
    client.create(name="unpaid", **name, **ORDER)
    why = {"reason": "unpaid", "message": "Счёт 17 не оплачен.", "pay_url": "https://example.com/pay/17"}
    assert client.suspend(name, **why)["vps"]["status"] == "suspended"
    known = client.one(name)["suspension"]
    assert why.items() <= known.items()
    assert (known["power"], known.keys() - why.keys()) == ("keep", {"power", "since"})
    client.update(name, status="running")
    assert client.one(name)["suspension"] is None
    with pytest.raises(PanelError) as refused:
        client.suspend(name, **why | {"pay_url": "http://example.com/pay/17"})
    assert list(refused.value.errors) == ["vps.suspension.pay_url"]
    client.delete(name)


def test_client_passes_on_what_the_panel_wonders_at(panel: Any, client_of: Any) -> None:
    """As where GB were multiplied twice."""
    client = client_of(panel.url, panel.demo["api_key"], timeout=100.0)
    order = {name: value for name, value in ORDER.items() if name != "ram"}
    made = client.create(name="large", external_id=f"large-{client.name}", ram_mb=2_097_152, **order)
    assert made["vps"]["ram"] == 2_097_152
    assert [warning for warning in made["warnings"] if "2097152 MB" in warning], made["warnings"]
    client.delete({"id": made["vps"]["id"]})


@pytest.mark.parametrize("story", STORIES)
def test_client_does_on_the_panel_what_the_published_service_does(panel: Any, node: Any, story: str) -> None:
    """tests/clients/published.mjs has the stories. Each has a VPS of its own, so ids and times alone may differ."""
    sight = OspabPanel(panel.url, panel.demo["api_key"], timeout=100.0)
    last = max((row["id"] for row in sight.list_vps()), default=0)
    outcomes = []
    for whose in ("published", "ours"):
        vps = sight.create_vps(name="published", ram_gb=2, user_id=5, cpu=2, disk=50, os="Debian 12")["vps"]
        outcomes.append(without_ids(outcome_of(node, panel.url, panel.demo["api_key"], story, whose, vps["id"])))
    assert outcomes[0] == outcomes[1]
    sight.batch({"action": "delete", "vps": {"id": row["id"]}} for row in sight.list_vps(after=last))


def without_ids(outcome: Any) -> Any:
    """Of rows and answers only that they have them; numbers in lines as one word."""
    if isinstance(outcome, dict):
        return {name: "…" if name in VARYING else without_ids(value) for name, value in outcome.items()}
    if isinstance(outcome, list):
        return [without_ids(one) for one in outcome]
    return re.sub(r"\b\d+\b", "…", outcome) if isinstance(outcome, str) else outcome
