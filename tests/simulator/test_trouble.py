"""The trouble that the simulator can be asked to make, and what it counts of the load on it."""

import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.simulated import wait_for
from tests.simulator.test_answers import end_of

START = "/nodes/pve1/qemu/100/status/start"
CURRENT = "/nodes/pve1/qemu/100/status/current"


def took(call: Callable[[], Any]) -> tuple[float, Any]:
    since = time.monotonic()
    result = call()
    return time.monotonic() - since, result


def meanwhile(call: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread


def test_simulator_node_that_hangs_times_out_and_does_not_act(simulated: Any) -> None:
    simulated.add()
    simulated.hang("pve1", 0.5)
    seconds, answer = took(lambda: simulated.api("POST", START))
    assert (answer.status_code, answer.reason, answer.text) == (596, "Connection timed out", "")
    assert seconds >= 0.5
    assert simulated.commands(100) == []
    simulated.hang("pve1", 600)
    assert simulated.api("GET", "/nodes/pve1/qemu/100/rrddata", timeframe="hour").status_code == 200
    assert simulated.api("GET", "/nodes/pve2/qemu").ok


def test_simulator_node_that_hangs_no_more_lets_those_go_who_wait(simulated: Any) -> None:
    simulated.add()
    simulated.hang("pve1", 60)
    statuses: list[int] = []
    waiting = meanwhile(lambda: statuses.append(simulated.api("GET", CURRENT).status_code))
    wait_for(lambda: simulated.load()["calls"] == 1)
    simulated.call("PATCH", "nodes/pve1", {"hang_seconds": 0, "up": True})
    waiting.join(60)
    assert statuses == [596]
    assert simulated.api("GET", CURRENT).ok


@pytest.mark.parametrize("body", [{}, [], {"up": 1}, {"hang_seconds": -1}, {"hang_seconds": True}, {"colour": "red"}])
def test_simulator_control_refuses_wrong_trouble(simulated: Any, body: Any) -> None:
    for path in ("nodes/pve1", f"hosts/{simulated.simulator.tls.rpartition(':')[2]}"):
        with pytest.raises(requests.HTTPError, match="400"):
            simulated.call("PATCH", path, body)


def test_simulator_late_command_is_late_and_nothing_else(simulated: Any) -> None:
    simulated.add()
    simulated.make_late(4)
    late = meanwhile(lambda: simulated.api("POST", START))
    wait_for(lambda: simulated.load()["calls"] == 1)
    answer = simulated.api("GET", "/nodes/pve1/tasks", source="all")
    assert (answer.json()["data"], simulated.commands(100), late.is_alive()) == ([], [], True)
    late.join(60)
    assert simulated.commands(100) == ["start"]
    assert took(lambda: simulated.api("POST", START))[0] < 4


def test_simulator_late_command_acts_though_nobody_waits_for_it(simulated: Any) -> None:
    simulated.add()
    simulated.make_late(4)
    url = f"{simulated.simulator.url}/api2/json{START}"
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, headers=simulated.headers, timeout=0.2)
    assert simulated.commands(100) == []
    wait_for(lambda: simulated.commands(100) == ["start"])
    wait_for(lambda: simulated.guest(100)["power"] == "running")


def test_simulator_late_command_never_acts_where_the_server_stops_first(simulated: Any) -> None:
    simulated.add()
    simulated.make_late(60)
    late = meanwhile(lambda: simulated.api("POST", START))
    wait_for(lambda: simulated.load()["calls"] == 1)
    simulated.simulator.stop()
    late.join(60)
    assert (late.is_alive(), simulated.simulator.world.commands) == (False, [])


def test_simulator_load_is_counted_by_path_and_by_how_much_of_it_comes_at_once(simulated: Any) -> None:
    simulated.add()
    for path in ("/version", "/version", CURRENT, "/nope"):
        simulated.api("GET", path)
    paths = {"GET /version": 2, "GET /nodes/{node}/{kind}/{vmid}/status/current": 1, "unknown": 1}
    assert simulated.load() == {"most_in_flight": 1, "calls": 4, "handshakes": 0, "by_path": paths}
    simulated.forget_load()
    assert simulated.load() == {"most_in_flight": 0, "calls": 0, "handshakes": 0, "by_path": {}}
    simulated.hang("pve1", 60)
    waiting = [meanwhile(lambda: simulated.api("POST", START)) for _ in range(5)]
    wait_for(lambda: simulated.load()["most_in_flight"] == 5)
    simulated.hang("pve1", 0)
    for thread in waiting:
        thread.join(60)
    assert simulated.load()["by_path"] == {"POST /nodes/{node}/{kind}/{vmid}/status/start": 5}


def test_simulator_ha_takes_requests_for_what_it_has_given_up_and_does_nothing(simulated: Any) -> None:
    simulated.add(ha=True, ha_state="error", power="running")
    assert simulated.api("GET", CURRENT).json()["data"]["ha"] == {"managed": 1, "state": "error"}
    (listed,) = simulated.api("GET", "/cluster/resources", type="vm").json()["data"]
    assert listed["hastate"] == "error"
    task = simulated.api("POST", "/nodes/pve1/qemu/100/status/stop").json()["data"]
    assert (task.split(":")[5], end_of(simulated, task)) == ("hastop", "OK")
    assert [task.type for task in simulated.simulator.world.tasks.all] == ["hastop"]


def test_simulator_guests_are_made_ten_thousand_at_once_and_listed_in_one_answer(
    simulated: Any, monkeypatch: Any
) -> None:
    saves: list[int] = []
    world = simulated.simulator.world
    monkeypatch.setattr(world, "save", lambda: saves.append(len(world.guests)))
    made = simulated.add_many(range(100, 10_100), power="running")
    assert (len(made), made[-1]["vmid"], saves) == (10_000, 10_099, [10_000])
    assert len(simulated.api("GET", "/cluster/resources", type="vm").json()["data"]) == 10_000


def test_simulator_guests_of_a_list_with_a_wrong_one_are_not_made(simulated: Any) -> None:
    with pytest.raises(requests.HTTPError, match="400"):
        simulated.call("POST", "guests", [{"kind": "qemu", "vmid": 100, "name": "shop"}, {"kind": "tin"}])
    assert simulated.call("GET", "guests") == []


def version(cluster: Any, host: str, using: Any = requests, within_s: float = 60) -> int:
    url = f"https://{host}/api2/json/version"
    status: int = using.get(url, headers=cluster.headers, verify=cluster.pem, timeout=within_s).status_code
    return status


@pytest.mark.parametrize(
    ("trouble", "error"), [("silent", requests.Timeout), ("refuse", requests.ConnectionError)], ids=["silent", "refuse"]
)
def test_simulator_host_that_is_one_of_two_ails_and_gets_well(with_two_hosts: Any, trouble: str, error: Any) -> None:
    first, second = with_two_hosts.simulator.tls_hosts
    with requests.Session() as kept:
        assert version(with_two_hosts, second, kept) == 200
        with_two_hosts.ail(second, **{trouble: True})
        for using in (requests, kept):
            with pytest.raises(error):
                version(with_two_hosts, second, using, within_s=1)
        assert version(with_two_hosts, first) == 200
    with_two_hosts.ail(second, **{trouble: False})
    assert version(with_two_hosts, second) == 200


def test_simulator_host_that_ails_does_not_even_shake_hands(with_two_hosts: Any) -> None:
    host, _, port = with_two_hosts.simulator.tls_hosts[1].partition(":")
    assert ssl.get_server_certificate((host, int(port)), timeout=60)
    with_two_hosts.ail(f"{host}:{port}", silent=True)
    with pytest.raises(TimeoutError):
        ssl.get_server_certificate((host, int(port)), timeout=0.5)
