"""The trouble that the simulated cluster can be told to make, and what it says of the load on it."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.simulator.test_answers import end_of

CURRENT = "/nodes/pve1/qemu/100/status/current"


def took(call: Callable[[], Any]) -> tuple[float, Any]:
    since = time.monotonic()
    result = call()
    return time.monotonic() - since, result


def test_what_ha_has_given_up_takes_requests_and_does_nothing(simulated: Any) -> None:
    simulated.add(ha=True, ha_state="error", power="running")
    assert simulated.api("GET", CURRENT).json()["data"]["ha"] == {"managed": 1, "state": "error"}
    (listed,) = simulated.api("GET", "/cluster/resources", type="vm").json()["data"]
    assert listed["hastate"] == "error"
    task = simulated.api("POST", "/nodes/pve1/qemu/100/status/stop").json()["data"]
    assert (task.split(":")[5], end_of(simulated, task)) == ("hastop", "OK")
    assert [task.type for task in simulated.simulator.world.tasks.all] == ["hastop"]


def test_ten_thousand_guests_are_made_at_once_and_listed_in_no_time(simulated: Any, monkeypatch: Any) -> None:
    saves: list[int] = []
    world = simulated.simulator.world
    monkeypatch.setattr(world, "save", lambda: saves.append(len(world.guests)))
    made = simulated.add_many(range(100, 10_100), power="running")
    assert (len(made), made[-1]["vmid"], saves) == (10_000, 10_099, [10_000])
    seconds, answer = took(lambda: simulated.api("GET", "/cluster/resources", type="vm"))
    assert (len(answer.json()["data"]), seconds < 1) == (10_000, True)


def test_of_a_list_with_a_wrong_guest_none_is_made(simulated: Any) -> None:
    with pytest.raises(requests.HTTPError, match="400"):
        simulated.call("POST", "guests", [{"kind": "qemu", "vmid": 100, "name": "shop"}, {"kind": "tin"}])
    assert simulated.call("GET", "guests") == []
