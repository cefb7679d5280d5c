"""Answers that are rubbish, endless, late, or another release's: what they are taken for."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.seams import Shorten
from tests.vps.hypervisor.proxmox.impostor import http_answer
from vps.guests import GuestRef, Kind
from vps.hypervisor import Hypervisor, connect
from vps.hypervisor.base import (
    NO_USAGE,
    Command,
    NodeUnreachable,
    OutcomeUnknown,
    Power,
    Refusal,
    Refused,
    Sample,
    Timeframe,
    Unreachable,
)

QEMU = GuestRef(Kind.VM, "100", "pve1")
UPID = "UPID:pve1:00001234:00005678:65000000:qmreboot:100:panel@pve!portal:"

RUBBISH = {
    "HTML": http_answer(b"<html>not a hypervisor</html>"),
    "half a JSON": http_answer(b'{"data": ['),
    "half an answer": http_answer(b'{"data": []}', length=5000),
    "no data": http_answer(b'{"error": 1}'),
    "another shape": http_answer(b'{"data": "OK"}'),
    "a bottomless one": http_answer(b'{"data":' + b"[" * 100_000),
    "nothing": b"",
    "a redirect": http_answer(b"", "302 Found", headers="Location: https://127.0.0.1:1/\r\n"),
    "another proxy's 502": http_answer(b"<html>Bad Gateway</html>", "502 Bad Gateway"),
    "596": http_answer(b"", "596 Connection timed out"),
    "a strange date": http_answer(b'{"data": null}', headers="Date: yesterday\r\n"),
}


def reads(hypervisor: Hypervisor) -> list[Any]:
    return [
        hypervisor.version,
        hypervisor.guests,
        lambda: hypervisor.look(QEMU),
        lambda: hypervisor.identity(QEMU),
        lambda: hypervisor.addresses(QEMU),
        lambda: hypervisor.sent_since(QEMU, Command.START, datetime.now(UTC)),
        lambda: hypervisor.task(UPID),
        lambda: hypervisor.history(QEMU, Timeframe.HOUR),
    ]


@pytest.mark.parametrize("what", RUBBISH)
def test_driver_takes_no_rubbish_for_an_answer(impostor: Any, what: str) -> None:
    hypervisor = connect("proxmox", impostor.access(impostor.answering(RUBBISH[what])))
    for read in reads(hypervisor):
        with pytest.raises(OutcomeUnknown):
            read()
    with pytest.raises(OutcomeUnknown):
        hypervisor.send(QEMU, Command.REBOOT, 60)


# which of `reads`, and data that it cannot take
ODD = [
    (0, {}),
    (1, [{"type": "qemu"}]),
    (1, [{"type": "qemu", "vmid": 100}]),
    (1, [{"type": "qemu", "vmid": float("inf"), "node": "pve1"}]),
    (1, [{"type": "qemu", "vmid": 10**400, "node": "pve1"}]),
    (1, [{"type": "qemu", "vmid": 100, "node": "pve1", "cpu": float("nan")}]),
    (2, {}),
    (3, []),
    (4, {"result": [{"ip-addresses": [{"ip-address": "nonsense"}]}]}),
    (5, [{"upid": "nonsense"}]),
    (6, {}),
    (7, [{"time": float("inf")}]),
    (7, [{"time": 1, "cpu": "much"}]),
    (7, [{"cpu": 0.5}]),
]


@pytest.mark.parametrize(("which", "data"), ODD)
def test_driver_guesses_at_no_data_that_makes_no_sense(impostor: Any, which: int, data: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        reads(answered(impostor, data))[which]()


def answered(impostor: Any, data: Any) -> Hypervisor:
    answer = http_answer(json.dumps({"data": data}).encode())
    return connect("proxmox", impostor.access(impostor.answering(answer)))


def test_driver_cuts_off_an_endless_answer(impostor: Any, shorten: Shorten) -> None:
    shorten(largest_answer=100_000)
    host = impostor.answering(http_answer(b" " * 300_000))
    with pytest.raises(OutcomeUnknown, match="did not end"):
        connect("proxmox", impostor.access(host)).guests()


def test_driver_gives_up_in_time_an_answer_that_drips(impostor: Any, shorten: Shorten) -> None:
    shorten(read_s=0.5)

    def drip(connection: Any) -> None:
        connection.sendall(http_answer(b"", length=1000))
        for _ in range(600):
            connection.sendall(b" ")
            time.sleep(0.1)

    begun = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="did not end"):
        connect("proxmox", impostor.access(impostor.answering(drip))).guests()
    assert time.monotonic() - begun < 30, "and it would have gone on for a minute"


def test_driver_waits_for_a_denial_that_is_held_back_three_seconds(impostor: Any) -> None:
    def deny(connection: Any) -> None:
        time.sleep(3.2)
        connection.sendall(http_answer(b"", "401 Authentication failed!"))

    with pytest.raises(Refused) as caught:
        connect("proxmox", impostor.access(impostor.answering(deny))).version()
    assert caught.value.reason == Refusal.UNAUTHENTICATED


def test_send_to_a_node_that_another_node_cannot_connect_to_did_not_arrive(impostor: Any) -> None:
    host = impostor.answering(http_answer(b"", "595 No route to host"))
    with pytest.raises(Unreachable):
        connect("proxmox", impostor.access(host)).send(QEMU, Command.REBOOT, 60)


@pytest.mark.parametrize(
    "reason",
    ["address lookup for 'pve1' did not find any IP address", "unable to get remote IP address for node 'pve1'"],
)
def test_send_to_a_node_that_another_node_cannot_find_did_not_arrive(impostor: Any, reason: str) -> None:
    """B22: the node was not asked, and so nothing was executed."""
    host = impostor.answering(http_answer(b'{"data":null}', f"500 {reason}"))
    with pytest.raises(NodeUnreachable, match=reason):
        connect("proxmox", impostor.access(host)).send(QEMU, Command.REBOOT, 60)


@pytest.mark.parametrize(
    ("status", "is_finished", "is_success"),
    [
        ({"status": "running"}, False, False),
        ({"status": "stopped", "exitstatus": "OK"}, True, True),
        ({"status": "stopped", "exitstatus": "WARNINGS: 2"}, True, True),
        ({"status": "stopped", "exitstatus": "unexpected status"}, True, False),
        ({"status": "stopped"}, True, False),
    ],
)
def test_task_is_judged_by_its_exit_status_and_warnings_are_a_success(
    impostor: Any, status: dict[str, str], is_finished: bool, is_success: bool
) -> None:
    result = answered(impostor, status).task(UPID)
    assert (result.is_finished, result.is_success) == (is_finished, is_success)


def test_sent_since_takes_of_everybodys_tasks_those_of_our_token_alone(impostor: Any) -> None:
    """A token with Sys.Audit sees them all. Running ones show their user in full and finished ones do not."""
    callers = ["root@pam", "panel@pve", "panel@pve!other", "panel@pve!portal2", "other@pve!portal", "panel@pve!portal"]
    upids = [f"UPID:pve1:0000{i:04X}:00005678:6500000{i}:qmstart:100:{user}:" for i, user in enumerate(callers)]
    rows = [{"upid": upid, "user": "panel@pve", "tokenid": "portal", "type": "qmstart"} for upid in upids]
    found = answered(impostor, rows).sent_since(QEMU, Command.START, datetime.now(UTC))
    assert [task.handle for task in found] == upids[-1:]


def test_history_of_an_older_release_has_its_own_steps_and_numbers_as_text(impostor: Any) -> None:
    """PVE 8's day is 70 points of 1800 s; after an upgrade they stand before the new ones, of 60 s."""
    old = [{"time": 1_700_000_000 + 1800 * i, "cpu": "0.25", "netin": "1024.5"} for i in range(70)]
    new = [{"time": old[-1]["time"] + 60 * (i + 1), "cpu": 0.5} for i in range(100)]
    points = answered(impostor, old + new + [{"time": new[-1]["time"] + 60}]).history(QEMU, Timeframe.DAY)
    assert [point.time for point in points[:2]] == [1_700_000_000, 1_700_001_800]
    assert (points[0].cpu, points[0].net_in, points[0].ram_used) == (0.25, 1024.5, None)
    assert points[-1].cpu is None
    assert len(points) == 171


def test_history_that_is_thinned_has_means_of_what_was_measured(impostor: Any) -> None:
    rows = [{"time": i, "cpu": 0.2} if i % 2 else {"time": i} for i in range(1440)]
    points = answered(impostor, rows).history(QEMU, Timeframe.DAY)
    assert len(points) == 360
    assert {round(point.cpu, 9) for point in points if point.cpu is not None} == {0.2}


@pytest.mark.parametrize(
    ("status", "power"),
    [
        ("running", Power.RUNNING),
        ("stopped", Power.STOPPED),
        ("paused", Power.PAUSED),
        ("suspended", Power.PAUSED),
        ("io-error", Power.PAUSED),
        ("internal-error", Power.PAUSED),
        ("prelaunch", Power.RUNNING),
        ("unknown", Power.UNKNOWN),
        ("something-new", Power.UNKNOWN),
    ],
)
def test_guests_have_a_power_for_each_status_in_the_list(impostor: Any, status: str, power: Power) -> None:
    row = {"type": "qemu", "vmid": "100", "node": "pve1", "status": status, "maxmem": "2048"}
    guests = answered(impostor, [row, {"type": "storage", "id": "storage/x"}]).guests()
    assert [(guest.ref, guest.power, guest.name, guest.usage.ram_total) for guest in guests] == [
        (QEMU, power, "", 2048)
    ]


def test_driver_takes_a_number_that_is_not_there_for_unknown_and_0_for_0(impostor: Any) -> None:
    """B2."""
    bare = {"type": "qemu", "vmid": 100, "node": "pve1", "status": "running"}
    (guest,) = answered(impostor, [bare]).guests()
    assert guest.usage == NO_USAGE
    (guest,) = answered(impostor, [bare | {"cpu": 0, "mem": "0", "maxmem": "", "uptime": None}]).guests()
    assert (guest.usage.cpu, guest.usage.ram_used, guest.usage.ram_total, guest.usage.uptime_s) == (0, 0, None, None)
    look = answered(impostor, {"status": "running"}).look(QEMU)
    assert (look.power, look.uptime_s, look.never, look.is_managed) == (Power.RUNNING, None, {}, False)
    assert answered(impostor, [{"time": 1, "mem": 0}]).history(QEMU, Timeframe.HOUR) == [Sample(1, ram_used=0)]


def test_guests_of_a_node_that_is_gone_have_no_power_and_no_usage(impostor: Any) -> None:
    """The list keeps its guests' last words for up to 5 minutes."""
    row = {"type": "lxc", "vmid": 100, "node": "pve2", "status": "running", "cpu": 0.5, "mem": 5, "uptime": 9}
    (guest,) = answered(impostor, [row, {"type": "node", "node": "pve2", "status": "offline"}]).guests()
    assert (guest.power, guest.usage) == (Power.UNKNOWN, NO_USAGE)


REFUSALS = {
    "500 VM 100 is not running": Refusal.NOT_RUNNING,
    "500 VM is locked (migrate)": Refusal.LOCKED,
    "500 CT is locked (backup)": Refusal.LOCKED,
    "500 can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout": Refusal.BUSY,
    "500 you can't start a vm if it's a template": Refusal.TEMPLATE,
    "500 VM quit/powerdown failed - got timeout": Refusal.TIMED_OUT,
    "500 VM quit/powerdown failed": Refusal.TIMED_OUT,
    "500 VM 100 qga command 'guest-ping' failed - got timeout": Refusal.NO_AGENT,
    "500 VM 100 qmp command 'guest-ping' failed - got timeout": Refusal.NO_AGENT,
    "500 unable to connect to VM 100 qga socket - timeout after 31 retries": Refusal.NO_AGENT,
    "500 cfs-lock 'file-ha_crm_commands' error: got lock request timeout": Refusal.BUSY,
    "500 cfs-lock 'file-ha_crm_commands' error: no quorum!": Refusal.NO_QUORUM,
    "500 ipcc_send_rec[1] failed: Connection refused": Refusal.NO_QUORUM,
    "500 container did not stop": Refusal.TIMED_OUT,
    "500 cluster not ready - no quorum?": Refusal.NO_QUORUM,
    "500 unable to find configuration file for VM 100 on node 'pve1'": Refusal.NOT_HERE,
    "500 hostname lookup 'pve9' failed - failed to get address info for: pve9": Refusal.NOT_HERE,
    "500 QEMU guest agent is not running": Refusal.NO_AGENT,
    "403 Permission check failed (/vms/100, VM.PowerMgmt)": Refusal.DENIED,
    "500 something new": Refusal.OTHER,
}


@pytest.mark.parametrize("answer", REFUSALS)
def test_refusal_has_the_reason_of_its_text_and_keeps_the_text_for_staff(impostor: Any, answer: str) -> None:
    hypervisor = connect("proxmox", impostor.access(impostor.answering(http_answer(b'{"data":null}', answer))))
    with pytest.raises(Refused) as caught:
        hypervisor.send(QEMU, Command.REBOOT, 60)
    assert (caught.value.reason, caught.value.detail) == (REFUSALS[answer], answer)
