"""What the simulator is asked to show: answers, ends of tasks, rows of its list, a host's clock, what a token may do."""

from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from tests.simulated import TOKEN
from tests.simulator.test_answers import end_of

VM = "/nodes/pve1/qemu/100"
LIST = "/cluster/resources"


def listed(simulated: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = simulated.api("GET", LIST, type="vm").json()["data"]
    return rows


def test_simulator_scripted_answer_has_its_status_and_reason_so_many_times(simulated: Any) -> None:
    simulated.answer("GET", LIST, 500, "ipcc_send_rec[1] failed: Connection refused", times=2)
    for _ in range(2):
        answer = simulated.api("GET", LIST)
        assert (answer.status_code, answer.reason) == (500, "ipcc_send_rec[1] failed: Connection refused")
        assert answer.json() == {"data": None, "message": "ipcc_send_rec[1] failed: Connection refused\n"}
    assert simulated.api("GET", LIST).ok
    assert simulated.load()["by_path"] == {"GET /cluster/resources": 3}


def test_simulator_scripted_answer_lasts_until_it_is_ended_and_is_of_no_other_path_or_method(simulated: Any) -> None:
    simulated.add()
    simulated.answer("POST", rf"{VM}/status/\w+", 500, "cluster not ready - no quorum?")
    for verb in ("start", "stop", "start"):
        assert simulated.api("POST", f"{VM}/status/{verb}").reason == "cluster not ready - no quorum?"
    assert simulated.api("GET", f"{VM}/status/current").ok
    assert simulated.commands(100) == []
    simulated.answer_truly()
    assert simulated.api("POST", f"{VM}/status/start").ok


def test_simulator_scripted_answer_of_a_proxy_is_empty_and_may_have_any_body(simulated: Any) -> None:
    simulated.answer("GET", "/version", 596, "Connection timed out")
    answer = simulated.api("GET", "/version")
    assert (answer.status_code, answer.content) == (596, b"")
    simulated.answer("", "/version", 502, "Bad Gateway", body="<html>nginx</html>", content_type="text/html")
    answer = simulated.api("GET", "/version")
    assert (answer.text, answer.headers["Content-Type"]) == ("<html>nginx</html>", "text/html")
    simulated.answer("", "/version", 200, body={"data": {"version": "8.4"}})
    assert simulated.api("GET", "/version").json() == {"data": {"version": "8.4"}}


def test_simulator_scripted_answer_may_be_to_a_call_that_is_carried_out(simulated: Any) -> None:
    simulated.add()
    simulated.answer("POST", f"{VM}/status/start", 596, "Connection timed out", acts=True, times=1)
    assert simulated.api("POST", f"{VM}/status/start").status_code == 596
    assert simulated.commands(100) == ["start"]


def test_simulator_scripted_answer_may_be_of_one_host_alone(with_two_hosts: Any) -> None:
    first, second = with_two_hosts.simulator.tls_hosts
    with_two_hosts.answer("GET", "/version", 500, "no", port=int(second.rpartition(":")[2]))
    found = [
        requests.get(f"https://{host}/api2/json/version", headers=with_two_hosts.headers, verify=with_two_hosts.pem)
        for host in (first, second)
    ]
    assert [answer.status_code for answer in found] == [200, 500]


@pytest.mark.parametrize("node_up", [True, False])
def test_simulator_list_may_have_a_guest_as_unknown_while_its_node_is_up(simulated: Any, node_up: bool) -> None:
    simulated.add(power="running", unreported=True)
    simulated.add(vmid=101, power="running")
    simulated.call("PATCH", "nodes/pve1", {"up": node_up})
    rows = {row["vmid"]: row for row in listed(simulated)}
    assert rows[100] == {"id": "qemu/100", "type": "qemu", "vmid": 100, "node": "pve1", "status": "unknown"}
    assert rows[101]["status"] == ("running" if node_up else "unknown")
    if node_up:
        assert simulated.api("GET", f"{VM}/status/current").json()["data"]["status"] == "running"
        simulated.change(100, unreported=False)
        assert {row["status"] for row in listed(simulated)} == {"running"}


@pytest.mark.parametrize(("how", "power"), [("ends", "running"), ("ends_after", "stopped")])
def test_simulator_task_ends_as_scripted_with_or_without_having_acted(simulated: Any, how: str, power: str) -> None:
    simulated.add(power="running", **{how: {"stop": "VM quit/powerdown failed"}})
    task = simulated.api("POST", f"{VM}/status/stop").json()["data"]
    assert end_of(simulated, task) == "VM quit/powerdown failed"
    assert simulated.guest(100)["power"] == power


@pytest.mark.parametrize("seconds", [-20, 3600])
def test_simulator_clock_of_one_host_may_be_off(with_two_hosts: Any, seconds: int) -> None:
    first, second = with_two_hosts.simulator.tls_hosts
    with_two_hosts.set_clock(second, seconds)

    def date(host: str) -> float:
        url = f"https://{host}/api2/json/version"
        answer = requests.get(url, headers=with_two_hosts.headers, verify=with_two_hosts.pem)
        return parsedate_to_datetime(answer.headers["Date"]).timestamp()

    assert date(second) - date(first) == pytest.approx(seconds, abs=10)


def test_simulator_permissions_are_listed_by_path(simulated: Any) -> None:
    """As recorded of Proxmox VE 9.2: by path, and nothing of a path without privileges."""
    simulated.add()

    def permissions(query: str = "") -> Any:
        return simulated.api("GET", f"/access/permissions{query}").json()["data"]

    assert permissions() == {"/vms": {"VM.Audit": 1, "VM.PowerMgmt": 1, "VM.GuestAgent.Audit": 1}}
    simulated.grant({"/vms": ["VM.PowerMgmt"], "/vms/100": ["VM.Audit"]})
    assert permissions() == {"/vms": {"VM.PowerMgmt": 1}, "/vms/100": {"VM.Audit": 1}}
    assert permissions("?path=/vms/100") == {"/vms/100": {"VM.Audit": 1}}
    assert permissions("?path=/vms/101") == {"/vms/101": {"VM.PowerMgmt": 1}}
    assert permissions(f"?userid={TOKEN.partition('=')[0]}") == permissions()
    other = simulated.api("GET", "/access/permissions", userid="root@pam")
    assert (other.status_code, other.reason) == (403, "Permission check failed (/access, Sys.Audit)")
    simulated.grant([])
    assert permissions() == {}


# What the recordings say to a token without any privilege.
REFUSED = [
    ("GET", "/nodes/pve1/qemu/{}/status/current", "VM.Audit"),
    ("GET", "/nodes/pve1/qemu/{}/config", "VM.Audit"),
    ("GET", "/nodes/pve1/qemu/{}/rrddata", "VM.Audit"),
    ("GET", "/nodes/pve1/lxc/{}/interfaces", "VM.Audit"),
    ("GET", "/nodes/pve1/qemu/{}/agent/network-get-interfaces", "VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted"),
    *(("POST", f"/nodes/pve1/qemu/{{}}/status/{verb}", "VM.PowerMgmt") for verb in ("start", "stop", "shutdown")),
    ("POST", "/nodes/pve1/lxc/{}/status/reboot", "VM.PowerMgmt"),
]


@pytest.mark.parametrize(("method", "path", "privilege"), REFUSED)
@pytest.mark.parametrize("vmid", [100, 999])
def test_simulator_token_without_rights_sees_empty_lists_and_403(
    simulated: Any, method: str, path: str, privilege: str, vmid: int
) -> None:
    simulated.add()
    simulated.grant([])
    answer = simulated.api(method, path.format(vmid), nonsense=1)
    reason = f"Permission check failed (/vms/{vmid}, {privilege})"
    assert (answer.status_code, answer.reason) == (403, reason)
    assert answer.json() == {"data": None, "message": f"{reason}\n"}
    for empty in (LIST, "/nodes/pve1/qemu", "/nodes/pve1/tasks"):
        assert [row for row in simulated.api("GET", empty).json()["data"] if row.get("type") != "node"] == []


def test_simulator_token_sees_some_of_the_guests_and_may_power_what_it_does_not_see(simulated: Any) -> None:
    for vmid in (100, 101):
        simulated.add(vmid=vmid)
    simulated.grant({"/vms": ["VM.PowerMgmt"], "/vms/101": ["VM.Audit"]})
    assert [row["vmid"] for row in listed(simulated)] == [101]
    assert simulated.api("GET", f"{VM}/status/current").status_code == 403
    assert simulated.api("POST", f"{VM}/status/start").ok


WRONG = [
    ("PATCH", "token", {"privileges": "VM.Audit"}),
    ("PATCH", "token", {"privileges": {"/nodes": []}}),
    ("PATCH", "token", {"privileges": [1]}),
    ("PATCH", "token", {}),
    ("POST", "answers", {"pattern": "(", "status": 500}),
    ("POST", "answers", {"pattern": "/x", "status": 99}),
    ("POST", "answers", {"pattern": "/x"}),
    ("POST", "answers", []),
    ("PATCH", "guests/100", {"ends": "no"}),
]


@pytest.mark.parametrize(("method", "path", "body"), WRONG)
def test_simulator_control_refuses_wrong_rights_and_answers(simulated: Any, method: str, path: str, body: Any) -> None:
    simulated.add()
    with pytest.raises(requests.HTTPError, match="400"):
        simulated.call(method, path, body)
