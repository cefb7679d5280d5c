"""The trouble that the simulated cluster can be told to make, and what it says of the load on it."""

from typing import Any

from tests.simulator.test_answers import end_of

CURRENT = "/nodes/pve1/qemu/100/status/current"


def test_what_ha_has_given_up_takes_requests_and_does_nothing(simulated: Any) -> None:
    simulated.add(ha=True, ha_state="error", power="running")
    assert simulated.api("GET", CURRENT).json()["data"]["ha"] == {"managed": 1, "state": "error"}
    (listed,) = simulated.api("GET", "/cluster/resources", type="vm").json()["data"]
    assert listed["hastate"] == "error"
    task = simulated.api("POST", "/nodes/pve1/qemu/100/status/stop").json()["data"]
    assert (task.split(":")[5], end_of(simulated, task)) == ("hastop", "OK")
    assert [task.type for task in simulated.simulator.world.tasks.all] == ["hastop"]
