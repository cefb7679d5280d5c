"""A hypervisor's no, in all its words: what it says of the guest, of the command, and of the node it could not ask."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.simulated import Cluster as Simulated
from tests.verbs import CYCLES, action_of, power_before
from tests.vps.conftest import advance_once, carry_out
from vps import operations
from vps.guests import Kind
from vps.hypervisor.base import Command
from vps.hypervisor.proxmox import commands
from vps.models import ClusterNode, Operation, Placement
from vps.operations.pauses import MOST_TRIES
from vps.operations.verbs import VERBS

KINDS = ["qemu", "lxc"]
# Whether the guest's own system is asked, which may not do it.
ASKS_THE_SYSTEM = {"start": False, "reboot": True, "stop": True, "restart": False, "force-stop": False}
# The genuine texts of what has not been done for a reason that passes.
PASSING = [
    (500, "cluster not ready - no quorum?"),
    (500, "cfs-lock 'file-ha_crm_commands' error: no quorum!"),
    (500, "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"),
    (500, "VM is locked (backup)"),
    (500, "ipcc_send_rec[1] failed: Connection refused"),
    (500, "unable to open file '/etc/pve/nodes/pve1/lxc/100.conf.tmp.4711' - Permission denied"),
    (595, "No route to host"),
]


@pytest.fixture(autouse=True)
def quick(quick_pauses: None) -> None:
    """All of these take many steps, one after another."""


def asked(vps: Any, kind: str) -> Operation:
    return operations.request(vps, kind, by=None, source="page")


def refuse(simulated: Simulated, status: int, reason: str, **how: Any) -> None:
    """Power commands are told so."""
    simulated.answer("POST", r"/nodes/pve1/\w+/100/status/\w+", status, reason, **how)


def sent(simulated: Simulated) -> int:
    """How many power commands came, whatever became of them."""
    by_path: dict[str, int] = simulated.load()["by_path"]
    return sum(calls for path, calls in by_path.items() if path.startswith("POST") and "/status/" in path)


def now_due() -> None:
    Operation.objects.update(due_at=timezone.now())
    for node in ClusterNode.objects.all():
        node.ask_at_once()


# B5


@pytest.mark.parametrize("asked_for", [name for name in VERBS if ASKS_THE_SYSTEM[name]])
@pytest.mark.parametrize(
    "text",
    [
        "VM quit/powerdown failed",
        "VM quit/powerdown failed - got timeout",
        "VM 100 qga command 'guest-shutdown' failed - got timeout",
        "VM 100 qmp command 'guest-shutdown' failed - got timeout",
        "VM 100 qmp command 'guest-shutdown' failed - The command guest-shutdown has been disabled for this instance",
        "VM 100 qga command 'guest-ping' failed - unable to connect to VM 100 qga socket - timeout after 31 retries",
        "QEMU Guest Agent is not running - VM 100 qga command 'guest-ping' failed - got timeout",
        "container did not stop",
    ],
)
def test_after_refusal_knows_in_whatever_words_a_guest_that_does_not_go_down(
    server: Any, simulated: Simulated, asked_for: str, text: str
) -> None:
    """B5: each text is a genuine one."""
    vps = server(power="running", ends={action_of(asked_for): text})
    operation = carry_out(asked(vps, asked_for))
    assert (operation.error_code, operation.error_detail) == ("guest_did_not_shut_down", text)


@pytest.mark.parametrize("asked_for", [name for name in VERBS if not ASKS_THE_SYSTEM[name]])
def test_after_refusal_advises_no_force_where_the_guest_was_not_asked_to_go_down(
    server: Any, simulated: Simulated, asked_for: str
) -> None:
    """B5: the same text, of another command."""
    vps = server(power=power_before(asked_for), ends={action_of(asked_for): "VM quit/powerdown failed"})
    assert carry_out(asked(vps, asked_for)).error_code == "hypervisor_refused"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asked_for", [name for name in VERBS if name not in CYCLES])
def test_follow_takes_a_task_that_failed_when_its_work_was_done_for_done(
    server: Any, simulated: Simulated, kind: str, asked_for: str
) -> None:
    vps = server(kind, power=power_before(asked_for), ends_after={action_of(asked_for, kind): "received interrupt"})
    assert carry_out(asked(vps, asked_for)).state == "succeeded"
    assert len(simulated.commands(100)) == 1


# B6


@pytest.mark.parametrize("kind", VERBS)
@pytest.mark.parametrize(("status", "reason"), PASSING)
def test_after_refusal_counts_no_try_where_nothing_was_done(
    server: Any, simulated: Simulated, kind: str, status: int, reason: str
) -> None:
    """B6: it says so more often than may be tried, and then no more."""
    refuse(simulated, status, reason)
    operation = asked(server(power=power_before(kind)), kind)
    for _ in range(3 * MOST_TRIES):
        advance_once(operation)
        now_due()
    operation.refresh_from_db()
    assert sent(simulated) > MOST_TRIES
    assert (operation.state, operation.attempts, operation.intent_at) == ("running", 0, None)
    simulated.answer_truly()
    assert carry_out(operation).state == "succeeded"
    assert len(simulated.commands(100)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "VM is locked (backup)",
        "can't lock file '/var/lock/x' - got timeout",
        "command 'ha-manager set vm:100 --state started' failed: exit code 255",
    ],
)
def test_follow_counts_no_try_where_the_task_did_nothing(server: Any, simulated: Simulated, text: str) -> None:
    """B6: a task may say so too."""
    operation = asked(server(ends={"start": text}), "start")
    while len(simulated.commands(100)) <= MOST_TRIES and operation.is_open:
        advance_once(operation)
        now_due()
        operation.refresh_from_db()
    assert (operation.state, operation.attempts <= 1) == ("running", True)
    simulated.change(100, ends={})
    assert carry_out(operation).state == "succeeded"


def test_start_that_met_no_quorum_until_its_deadline_does_not_say_busy(server: Any, simulated: Simulated) -> None:
    """B6: what has no quorum is unavailable."""
    refuse(simulated, 500, "cluster not ready - no quorum?")
    operation = asked(server(), "start")
    advance_once(operation)
    Operation.objects.update(deadline_at=timezone.now(), due_at=timezone.now())
    advance_once(operation)
    operation.refresh_from_db()
    assert operation.error_code == "hypervisor_unavailable"


def test_send_counts_as_a_try_what_may_have_been_done(server: Any, simulated: Simulated) -> None:
    """Or else what is lost each time would be sent for ever."""
    refuse(simulated, 596, "Connection timed out")
    operation = asked(server(), "start")
    advance_once(operation)
    operation.refresh_from_db()
    assert (operation.attempts, operation.intent_at is not None) == (1, True)


# B21

REFUSED = [
    (403, "Permission check failed (/vms/100, VM.PowerMgmt)"),
    (401, "Authentication failed!"),
    (400, "Parameter verification failed."),
    (500, "something new"),
    (501, "Method 'POST /nodes/pve1/qemu/100/status/start' not implemented"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", ["start", "reboot"])
@pytest.mark.parametrize(("status", "reason"), REFUSED)
def test_force_stop_waits_for_nothing_that_was_refused(
    server: Any, simulated: Simulated, kind: str, first: str, status: int, reason: str
) -> None:
    """B21: a forced stop of a guest that is down is done at once: no command of before may still arrive."""
    refuse(simulated, status, reason)
    vps = server(kind, power=power_before(first))
    assert carry_out(asked(vps, first)).state == "failed"
    simulated.answer_truly()
    simulated.change(100, power="stopped")
    stop = asked(vps, "force-stop")
    vps.placement.cluster.ask_at_once()
    advance_once(stop)
    stop.refresh_from_db()
    assert (stop.state, simulated.commands(100)) == ("succeeded", [])


@pytest.mark.parametrize("kind", KINDS)
def test_force_stop_waits_for_no_command_that_went_where_the_guest_was_not(
    server: Any, simulated: Simulated, kind: str
) -> None:
    """B21: the cluster lost it between the look and the command, which so was refused, and then it is back."""
    vps = server(kind)
    refuse(simulated, 500, f"Configuration file 'nodes/pve1/{kind}/100.conf' does not exist")
    simulated.answer("GET", "/cluster/resources", 200, body={"data": []})
    assert carry_out(asked(vps, "start")).error_code == "vps_missing"
    simulated.answer_truly()
    Placement.objects.update(missing_since=None)
    stop = asked(vps, "force-stop")
    advance_once(stop)
    stop.refresh_from_db()
    assert (stop.state, simulated.commands(100)) == ("succeeded", [])


def test_force_stop_waits_for_a_lost_start_though_a_stop_after_it_was_refused(
    server: Any, simulated: Simulated
) -> None:
    """B21: a start was lost on its way, the forced stop after it refused: the next one waits for the start all the same."""
    vps = server()
    refuse(simulated, 596, "Connection timed out", times=1)
    advance_once(asked(vps, "start"))
    simulated.answer("GET", "/nodes/pve1/qemu/100/status/current", 403, "Permission check failed (/vms/100, VM.Audit)")
    refused = asked(vps, "force-stop")
    now_due()
    assert carry_out(refused).error_code == "hypervisor_denied"
    simulated.answer_truly()
    stop = asked(vps, "force-stop")
    vps.placement.cluster.ask_at_once()
    now_due()
    advance_once(stop)
    stop.refresh_from_db()
    assert stop.is_open
    Operation.objects.filter(kind="start").update(sent_at=timezone.now() - timedelta(seconds=39))
    assert carry_out(stop).state == "succeeded"


def test_force_stop_waits_for_no_reboot_whose_guest_did_not_go_down(server: Any, simulated: Simulated) -> None:
    """B21: what has not gone down is not brought up."""
    vps = server(power="running", ends={"reboot": "VM quit/powerdown failed - got timeout"})
    assert carry_out(asked(vps, "reboot")).error_code == "guest_did_not_shut_down"
    simulated.change(100, power="stopped")
    stop = asked(vps, "force-stop")
    advance_once(stop)
    stop.refresh_from_db()
    assert stop.state == "succeeded"


def test_force_stop_waits_for_a_reboot_whose_task_failed_for_no_known_reason(server: Any, simulated: Simulated) -> None:
    """B21: that its task has failed is no proof, as a refusal is."""
    vps = server(power="running", ends={"reboot": "received interrupt"})
    assert carry_out(asked(vps, "reboot")).error_code == "hypervisor_refused"
    simulated.change(100, power="stopped")
    stop = asked(vps, "force-stop")
    advance_once(stop)
    stop.refresh_from_db()
    assert stop.is_open
    Operation.objects.filter(kind="reboot").update(finished_at=timezone.now() - timedelta(seconds=31))
    assert carry_out(stop).state == "succeeded"


def test_find_adopts_what_was_perhaps_sent_before_a_later_try_can_be_refused(server: Any, simulated: Simulated) -> None:
    """What was perhaps sent is found out before anything is sent again, so a refusal is of the last one there is."""
    refuse(simulated, 596, "Connection timed out", acts=True, times=1)
    operation = asked(server(never_ends=True), "start")
    advance_once(operation)
    refuse(simulated, 403, "Permission check failed (/vms/100, VM.PowerMgmt)")
    now_due()
    advance_once(operation)
    operation.refresh_from_db()
    assert (operation.state, bool(operation.handle), simulated.commands(100)) == ("running", True, ["start"])


# B22

SILENCE = [
    (500, "address lookup for 'pve1' did not find any IP address"),
    (500, "hostname lookup 'pve1' failed - failed to get address info for: pve1: Name or service not known"),
    (500, "unable to get remote IP address for node 'pve1'"),
    (500, "no such cluster node 'pve1'"),
    (500, "proxy loop detected"),
    (595, "Connection refused"),
    (596, "Connection timed out"),
]


@pytest.mark.parametrize(("status", "reason"), SILENCE)
def test_circuit_breaker_opens_for_a_node_that_cannot_be_found(
    server: Any, simulated: Simulated, status: int, reason: str
) -> None:
    """B22: in all the texts that a hypervisor has for it."""
    simulated.answer("", "/nodes/pve1/.*", status, reason)
    starts = [asked(server(vmid=vmid), "start") for vmid in (100, 101, 102)]
    simulated.forget_load()
    for _ in range(5):
        for operation in starts:
            Operation.objects.update(due_at=timezone.now())
            advance_once(operation)
    asked_of_node = sum(count for path, count in simulated.load()["by_path"].items() if "{node}" in path)
    assert asked_of_node == 1
    (node,) = ClusterNode.objects.unreachable()
    assert (node.name, reason[:30] in node.failure) == ("pve1", True)
    simulated.answer_truly()
    for operation in starts:
        now_due()
        assert carry_out(operation).state == "succeeded"


def test_start_follows_a_guest_that_has_left_a_node_whose_name_is_gone(server: Any, simulated: Simulated) -> None:
    """B22: the list tells where it is."""
    vps = server()
    simulated.change(100, node="pve2")
    simulated.answer("", "/nodes/pve1/.*", 500, "hostname lookup 'pve1' failed - Name or service not known")
    assert carry_out(asked(vps, "start")).state == "succeeded"


def test_force_stop_does_not_wait_for_an_unreachable_node_that_the_guest_has_left(
    server: Any, simulated: Simulated
) -> None:
    """B22: only the node that it is on counts."""
    vps = server(never_ends=True)
    starting = asked(vps, "start")
    advance_once(starting)
    simulated.change(100, node="pve2", never_ends=False)
    simulated.call("PATCH", "nodes/pve1", {"up": False})
    Placement.objects.update(node="pve2")
    stop = asked(vps, "force-stop")
    Operation.objects.filter(pk=stop.pk).update(created_at=timezone.now() - timedelta(seconds=20))
    assert carry_out(stop).state == "succeeded"


def test_restart_of_a_kind_of_guest_that_cannot_is_refused_and_not_sent(
    server: Any, simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its driver has no call for it, and had one when it was asked."""
    vps = server("lxc", power="running")
    operation = asked(vps, "restart")
    without = commands.TRAITS.commands | {Kind.CONTAINER: commands.TRAITS.commands[Kind.CONTAINER] - {Command.RESTART}}
    monkeypatch.setattr(commands, "TRAITS", replace(commands.TRAITS, commands=without))
    carry_out(operation)
    assert (operation.state, operation.error_code) == ("failed", "hypervisor_refused")
    assert simulated.commands(vps.placement.vmid) == []
