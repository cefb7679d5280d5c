"""The simulator held against what the genuine API answered (Proxmox VE 9.2.11): status, reason and keys, as tables."""

from typing import Any

import pytest
import requests

from tests.simulated import TOKEN, wait_for

DIED = 500
NO_CONFIG = "Configuration file 'nodes/pve1/{}/999.conf' does not exist"
UNABLE = "unable to find configuration file for VM 999 on node 'pve1'"

# kind, what the guest is, action, parameters: how the task ends, or (status, reason) of a refusal
POWER: list[tuple[str, dict[str, Any], str, dict[str, Any], Any]] = [
    ("qemu", {}, "start", {}, "OK"),
    ("qemu", {"power": "running"}, "start", {}, "VM 100 already running"),
    ("qemu", {"power": "paused"}, "start", {}, "VM 100 already running"),
    ("qemu", {"lock": "backup"}, "start", {}, "VM is locked (backup)"),
    ("qemu", {"lock": "backup", "power": "running"}, "start", {}, "OK"),
    ("qemu", {"lock": "suspended"}, "start", {}, "OK"),
    ("qemu", {"template": True}, "start", {}, "you can't start a vm if it's a template"),
    ("qemu", {}, "stop", {}, "OK"),
    ("qemu", {"power": "running"}, "stop", {}, "OK"),
    ("qemu", {"power": "paused"}, "stop", {}, "OK"),
    ("qemu", {"lock": "backup"}, "stop", {}, "OK"),
    ("qemu", {"lock": "backup", "power": "running"}, "stop", {}, "VM is locked (backup)"),
    ("qemu", {"power": "paused"}, "shutdown", {}, (DIED, "VM is paused - cannot shutdown")),
    ("qemu", {"power": "paused"}, "shutdown", {"timeout": 1, "forceStop": 1}, "OK"),
    (
        "qemu",
        {"power": "running", "ignores_acpi": True},
        "shutdown",
        {"timeout": 1},
        "VM quit/powerdown failed - got timeout",
    ),
    ("qemu", {"power": "running", "ignores_acpi": True}, "shutdown", {"timeout": 1, "forceStop": 1}, "OK"),
    ("qemu", {}, "reboot", {}, (DIED, "VM 100 not running")),
    (
        "qemu",
        {"power": "running", "ignores_acpi": True},
        "reboot",
        {"timeout": 1},
        "VM quit/powerdown failed - got timeout",
    ),
    ("qemu", {}, "reset", {}, (DIED, "VM 100 not running")),
    ("qemu", {"power": "paused"}, "reset", {}, "OK"),
    ("qemu", {"lock": "backup", "power": "running"}, "reset", {}, "VM is locked (backup)"),
    ("qemu", {"power": "running"}, "suspend", {}, "OK"),
    ("qemu", {"power": "running"}, "resume", {}, "OK"),
    ("qemu", {"ha": True, "power": "running"}, "stop", {}, "OK"),
    ("lxc", {}, "start", {}, "OK"),
    ("lxc", {"power": "running"}, "start", {}, (DIED, "CT 100 already running")),
    ("lxc", {"lock": "backup"}, "start", {}, "CT is locked (backup)"),
    ("lxc", {"template": True}, "start", {}, "you can't start a CT if it's a template"),
    ("lxc", {}, "stop", {}, (DIED, "CT 100 not running")),
    ("lxc", {"lock": "mounted", "power": "running"}, "stop", {}, "OK"),
    ("lxc", {"lock": "mounted", "power": "running"}, "shutdown", {}, "CT is locked (mounted)"),
    ("lxc", {}, "shutdown", {}, (DIED, "CT 100 not running")),
    ("lxc", {"power": "running", "ignores_acpi": True}, "shutdown", {"timeout": 1}, "container did not stop"),
    ("qemu", {"lock": "suspended"}, "resume", {}, "OK"),
    ("qemu", {"power": "running", "lock": "suspended"}, "resume", {}, "VM 100 already running"),
    ("lxc", {}, "reboot", {}, (DIED, "VM 100 not running")),
    ("lxc", {"power": "running", "ignores_acpi": True}, "reboot", {"timeout": 1}, "OK"),
    ("lxc", {"power": "running"}, "reset", {}, (501, "Method 'POST /nodes/pve1/lxc/100/status/reset' not implemented")),
]


def status_of(simulated: Any, upid: str) -> dict[str, Any]:
    found: dict[str, Any] = simulated.api("GET", f"/nodes/pve1/tasks/{upid}/status").json()["data"]
    return found


def end_of(simulated: Any, upid: str) -> str:
    ended = wait_for(lambda: found if (found := status_of(simulated, upid))["status"] == "stopped" else None, 15)
    text: str = ended["exitstatus"]
    return text


@pytest.mark.parametrize(("kind", "facts", "action", "params", "expected"), POWER)
def test_simulator_power_is_answered_as_recorded(
    simulated: Any, kind: str, facts: Any, action: str, params: Any, expected: Any
) -> None:
    simulated.add(kind, **facts)
    answer = simulated.api("POST", f"/nodes/pve1/{kind}/100/status/{action}", **params)
    if isinstance(expected, tuple):
        assert (answer.status_code, answer.reason) == expected
        assert answer.json()["data"] is None
        assert answer.json()["message"].strip() == expected[1]
    else:
        assert answer.status_code == 200
        assert end_of(simulated, answer.json()["data"]) == expected


WRONG = "Parameter verification failed."
UNKNOWN = "property is not defined in schema and the schema does not allow additional properties"
NO_VMID = "invalid format - value does not look like a valid VM ID\n"
CONFLICT = "duplicate parameter (already defined in URI) with conflicting values!"
NO_STATUS = "invalid format - invalid status 'running'\n"
NO_SUCH = "/nodes/pve1/tasks/UPID:pve1:00001234:00005678:65000000:qmstart:101:panel@pve!portal:/status"
SHUTDOWN = "/nodes/pve1/qemu/100/status/shutdown"
# method, path, parameters: status, reason, errors
REFUSED: list[tuple[str, str, dict[str, Any], int, str, dict[str, str] | None]] = [
    ("POST", SHUTDOWN, {"foo": 1}, 400, WRONG, {"foo": UNKNOWN}),
    ("POST", SHUTDOWN, {"forcestop": 1}, 400, WRONG, {"forcestop": UNKNOWN}),
    ("POST", SHUTDOWN, {"forceStop": "True"}, 400, WRONG, {"forceStop": "type check ('boolean') failed - got 'True'"}),
    ("POST", SHUTDOWN, {"forceStop": ""}, 400, WRONG, {"forceStop": "type check ('boolean') failed - got ''"}),
    ("POST", SHUTDOWN, {"timeout": "1.5"}, 400, WRONG, {"timeout": "type check ('integer') failed - got '1.5'"}),
    ("POST", SHUTDOWN, {"timeout": -1}, 400, WRONG, {"timeout": "value must have a minimum value of 0"}),
    ("POST", SHUTDOWN, {"timeout": [1, 2]}, 400, WRONG, {"timeout": "type check ('integer') failed - got ARRAY"}),
    ("POST", SHUTDOWN, {"skiplock": 1}, 400, WRONG, {"skiplock": "Only root may use this option."}),
    ("POST", SHUTDOWN, {"vmid": 102}, 400, WRONG, {"vmid": CONFLICT}),
    ("GET", "/nodes/pve1/qemu/99/status/current", {}, 400, WRONG, {"vmid": NO_VMID}),
    ("GET", "/nodes/pve1/qemu/abc/config", {}, 400, WRONG, {"vmid": "type check ('integer') failed - got 'abc'"}),
    ("GET", "/nodes/pve1/qemu/100/config", {"snapshot": "no"}, DIED, "snapshot 'no' does not exist", None),
    ("GET", "/nodes/pve1/tasks", {"vmid": 5}, 400, WRONG, {"vmid": NO_VMID}),
    ("GET", "/nodes/pve1/tasks", {"statusfilter": "running"}, 400, WRONG, {"statusfilter": NO_STATUS}),
    ("GET", "/nodes/pve1/qemu/100/rrddata", {}, 400, WRONG, {"timeframe": "property is missing and it is not optional"}),
    ("GET", NO_SUCH, {}, 400, WRONG, {"upid": "no such task"}),
    ("GET", "/nodes/pve1/tasks/nonsense/status", {}, 400, WRONG, {"upid": "unable to parse worker upid"}),
    ("GET", "/nodes/pve1/qemu/999/status/current", {}, DIED, NO_CONFIG.format("qemu-server"), None),
    ("GET", "/nodes/pve1/lxc/999/config", {}, DIED, NO_CONFIG.format("lxc"), None),
    ("POST", "/nodes/pve1/qemu/999/status/reboot", {}, DIED, UNABLE, None),
    ("POST", "/nodes/pve1/lxc/999/status/stop", {}, DIED, "CT 999 not running", None),
    ("GET", "/nope", {}, 501, "Method 'GET /nope' not implemented", None),
    ("GET", "/cluster/status", {}, 403, "Permission check failed (/, Sys.Audit)", None),
    ("GET", "/nodes/pve1/qemu/100/agent/network-get-interfaces", {}, DIED, "No QEMU guest agent configured", None),
    (
        "POST", "/nodes/pve9/qemu/100/status/start", {}, DIED,
        "hostname lookup 'pve9' failed - failed to get address info for: pve9: Name or service not known", None,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "params", "status", "reason", "errors"), REFUSED)
def test_simulator_refusals_are_as_recorded(
    simulated: Any, method: str, path: str, params: Any, status: int, reason: str, errors: Any
) -> None:
    simulated.add("qemu")
    answer = simulated.api(method, path, **params)
    assert (answer.status_code, answer.reason) == (status, reason)
    assert answer.json().get("errors") == errors
    assert answer.headers["Connection"] == "close"


FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PERL = "at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line"
NO_JSON = "malformed JSON string, neither tag, array, object, number, string or atom, at character offset 0"
# method, type, body: status, reason
BODIES = [
    ("POST", JSON, '{"forceStop": true, "timeout": null}', 200, "OK"),
    ("POST", JSON, '{"forceStop": "true"}', 400, WRONG),
    ("POST", JSON, '{"timeout": {"a": 1}}', 400, WRONG),
    ("POST", JSON, '{bad', DIED, f"'\"' expected, at character offset 1 (before \"bad\") {PERL} 934."),
    ("POST", JSON, "", DIED, f'{NO_JSON} (before "(end of string)") {PERL} 934.'),
    ("POST", JSON, "[1]", DIED, f"Not a HASH reference {PERL} 978."),
    ("POST", "", "timeout=3", 200, "OK"),
    ("POST", FORM, "timeout", 200, "OK"),
    ("POST", FORM, "timeout=3&timeout=4", 400, WRONG),
    ("POST", "text/plain", "timeout=3", 506, "upload 'Content-Type 'text/plain' not implemented"),
    ("GET", FORM, "timeout=3", 501, "Unexpected content for method 'GET'"),
    ("PATCH", "", "", 501, "method 'PATCH' not available"),
    ("HEAD", "", "", 501, "method 'HEAD' not available"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "type", "body", "status", "reason"), BODIES)
def test_simulator_body_is_read_as_recorded(
    simulated: Any, method: str, type: str, body: str, status: int, reason: str
) -> None:
    simulated.add("qemu")
    headers = simulated.headers | ({"Content-Type": type} if type else {})
    answer = requests.request(method, f"{simulated.simulator.url}/api2/json{SHUTDOWN}", data=body, headers=headers)
    assert (answer.status_code, answer.reason) == (status, reason)
    assert ("Content-Type" in answer.headers) == (status in (200, 400))


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({}, "No ticket"),
        ({"Authorization": "Bearer abc"}, "No ticket"),
        ({"Authorization": TOKEN}, "No ticket"),
        ({"Authorization": f"PVEAPIToken={TOKEN}x"}, "Authentication failed!"),
    ],
)
def test_simulator_call_without_the_token_is_401_and_empty(simulated: Any, header: dict[str, str], reason: str) -> None:
    answer = requests.get(f"{simulated.simulator.url}/api2/json/version", headers=header)
    assert (answer.status_code, answer.reason, answer.text) == (401, reason, "")


def test_simulator_node_that_is_down_is_595_and_its_guests_lose_their_state(simulated: Any) -> None:
    simulated.add("qemu", power="running")
    simulated.call("PATCH", "nodes/pve1", {"up": False})
    answer = simulated.api("POST", "/nodes/pve1/qemu/100/status/start")
    assert (answer.status_code, answer.text) == (595, "")
    (guest,) = simulated.api("GET", "/cluster/resources", type="vm").json()["data"]
    assert guest == {"id": "qemu/100", "type": "qemu", "vmid": 100, "node": "pve1", "status": "unknown"}
    assert simulated.api("GET", "/nodes/pve1/qemu/100/rrddata", timeframe="hour").status_code == 200


BASE = {"vmid", "name", "status", "cpus", "cpu", "mem", "maxmem", "disk", "maxdisk", "netin", "netout", "uptime", "ha"}
PRESSURES = {f"pressure{what}{how}" for what in ("cpu", "io", "memory") for how in ("some", "full")}
LIVE = {"diskread", "diskwrite", "pid"} | PRESSURES


@pytest.mark.parametrize(
    ("kind", "power", "keys"),
    [
        ("qemu", "stopped", BASE | {"qmpstatus", "memhost"}),
        (
            "qemu",
            "running",
            BASE | LIVE | {"qmpstatus", "memhost", "proxmox-support", "running-machine", "running-qemu"},
        ),
        ("lxc", "stopped", BASE | {"type", "swap", "maxswap", "diskread", "diskwrite"}),
        ("lxc", "running", BASE | LIVE | {"type", "swap", "maxswap"}),
    ],
)
def test_simulator_status_of_a_guest_has_the_genuine_keys(
    simulated: Any, kind: str, power: str, keys: set[str]
) -> None:
    simulated.add(kind, power=power)
    assert set(simulated.api("GET", f"/nodes/pve1/{kind}/100/status/current").json()["data"]) == keys


def test_simulator_tasks_are_listed_by_defaults_and_filters_with_two_ways_to_name_a_user(simulated: Any) -> None:
    simulated.add("qemu", start_seconds=0.1)
    done = simulated.api("POST", "/nodes/pve1/qemu/100/status/start").json()["data"]
    end_of(simulated, done)
    simulated.change(100, ignores_acpi=True)
    running = simulated.api("POST", "/nodes/pve1/qemu/100/status/shutdown", timeout=60).json()["data"]

    def listed(**params: Any) -> list[str]:
        return [task["upid"] for task in simulated.api("GET", "/nodes/pve1/tasks", **params).json()["data"]]

    assert listed() == [done]
    assert listed(source="active") == [running]
    assert listed(source="all") == [running, done]
    assert listed(source="all", typefilter="qmstart") == [done]
    assert listed(source="all", vmid=999) == []
    assert listed(source="all", userfilter="panel@pve!portal") == [running]
    assert listed(source="all", limit=0) == []
    answer = simulated.api("GET", "/nodes/pve1/tasks", source="all").json()
    assert answer["total"] == 2
    active, archived = answer["data"]
    assert (active["user"], active["status"], "endtime" in active) == ("panel@pve!portal", "RUNNING", False)
    assert (archived["user"], archived["tokenid"], archived["status"]) == ("panel@pve", "portal", "OK")
    simulated.api("DELETE", f"/nodes/pve1/tasks/{running}")
    assert end_of(simulated, running) == "received interrupt"


@pytest.mark.parametrize(
    ("timeframe", "points"), [("hour", 60), ("day", 1440), ("week", 336), ("month", 1440), ("year", 1440)]
)
def test_simulator_history_has_the_points_of_pve_9(simulated: Any, timeframe: str, points: int) -> None:
    simulated.add("qemu", power="running")
    history = simulated.api("GET", "/nodes/pve1/qemu/100/rrddata", timeframe=timeframe).json()["data"]
    assert len(history) == points
    assert {"cpu", "mem", "netin", "netout", "diskread", "diskwrite", "memhost"} <= set(history[-1])


def test_simulator_world_lives_in_its_file(simulated: Any) -> None:
    from simulator.world import load

    simulated.add("qemu", power="running", lock="backup")
    again = load(simulated.simulator.world.path)
    assert (again.guests[100].power, again.guests[100].lock, again.token) == ("running", "backup", TOKEN)


@pytest.mark.parametrize("fault", ["drop", "deny"])
def test_simulator_fault_can_be_ended_by_who_asked_for_it(simulated: Any, fault: str) -> None:
    def is_well() -> bool:
        try:
            return bool(simulated.api("GET", "/version").ok)
        except requests.ConnectionError:
            return False

    simulated.call("PATCH", "faults", {fault: True})
    assert not is_well()
    simulated.call("PATCH", "faults", {fault: False})
    assert is_well()


@pytest.mark.parametrize("body", [{"colour": "red"}, {"power": "on"}, {"lock": "x"}, []])
def test_simulator_control_refuses_a_wrong_guest(simulated: Any, body: Any) -> None:
    simulated.add("qemu")
    with pytest.raises(requests.HTTPError, match="400"):
        simulated.call("PATCH", "guests/100", body)
