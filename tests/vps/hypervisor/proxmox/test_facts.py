"""What is most often got wrong about Proxmox VE: each fact that the driver lives by, over real HTTPS."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.simulated import wait_for
from vps.guests import GuestRef, Kind
from vps.hypervisor.base import Command, OutcomeUnknown, Power, Refusal, Refused, Timeframe, Unreachable
from vps.hypervisor.proxmox import upid

QEMU = GuestRef(Kind.VM, "100", "pve1")
LXC = GuestRef(Kind.CONTAINER, "100", "pve1")
REFS = {"qemu": QEMU, "lxc": LXC}
LIMIT_S = 1


def ended(hypervisor: Any, upid_text: str) -> Any:
    return wait_for(lambda: found if (found := hypervisor.task(upid_text)).is_finished else None, 15, "the task")


def refused(call: Any, *arguments: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        call(*arguments)
    return caught.value.reason


def test_start_of_what_runs_fails_in_the_task_of_a_machine_and_at_once_of_a_container(
    driver: Any, simulated: Any
) -> None:
    simulated.add("qemu", power="running")
    result = ended(driver(), driver().send(QEMU, Command.START, LIMIT_S))
    assert not result.is_success
    assert driver().task_refusal(result) == Refusal.ALREADY_RUNNING
    simulated.add("lxc", power="running")
    assert refused(driver().send, LXC, Command.START, LIMIT_S) == Refusal.ALREADY_RUNNING


def test_stop_of_what_is_stopped_is_ok_for_a_machine_and_refused_for_a_container(driver: Any, simulated: Any) -> None:
    simulated.add("qemu")
    assert ended(driver(), driver().send(QEMU, Command.STOP, LIMIT_S)).is_success
    simulated.add("lxc")
    assert refused(driver().send, LXC, Command.STOP, LIMIT_S) == Refusal.NOT_RUNNING


@pytest.mark.parametrize("kind", ["qemu", "lxc"])
@pytest.mark.parametrize("command", [Command.RESTART, Command.REBOOT])
def test_reboot_and_restart_of_a_stopped_guest_are_refused(
    driver: Any, simulated: Any, kind: str, command: Command
) -> None:
    simulated.add(kind)
    assert refused(driver().send, REFS[kind], command, LIMIT_S) == Refusal.NOT_RUNNING


@pytest.mark.parametrize("kind", ["qemu", "lxc"])
def test_start_under_a_lock_fails_in_the_task_alone(driver: Any, simulated: Any, kind: str) -> None:
    simulated.add(kind, lock="backup")
    result = ended(driver(), driver().send(REFS[kind], Command.START, LIMIT_S))
    assert driver().task_refusal(result) == Refusal.LOCKED
    assert driver().look(REFS[kind]).waits == "lock: backup"


def test_reboot_task_of_a_machine_is_ok_before_the_machine_runs_again(driver: Any, simulated: Any) -> None:
    simulated.add("qemu", power="running", start_seconds=1.5)
    assert ended(driver(), driver().send(QEMU, Command.REBOOT, 10)).is_success
    assert driver().look(QEMU).power == Power.STOPPED
    wait_for(lambda: driver().look(QEMU).power == Power.RUNNING, 5, "the start that follows")


def test_reboot_of_a_machine_that_ignores_acpi_times_out_but_a_container_is_killed(driver: Any, simulated: Any) -> None:
    simulated.add("qemu", power="running", ignores_acpi=True)
    result = ended(driver(), driver().send(QEMU, Command.REBOOT, LIMIT_S))
    assert driver().task_refusal(result) == Refusal.TIMED_OUT
    assert driver().look(QEMU).power == Power.RUNNING
    simulated.add("lxc", power="running", ignores_acpi=True)
    assert ended(driver(), driver().send(LXC, Command.REBOOT, LIMIT_S)).is_success


@pytest.mark.parametrize("kind", ["qemu", "lxc"])
def test_stop_and_force_stop_send_booleans_and_names_as_the_api_has_them(
    driver: Any, simulated: Any, kind: str
) -> None:
    """forceStop=1 and overrule-shutdown=1: True would be 400, as any unknown name is."""
    simulated.add(kind, power="running", ignores_acpi=True)
    assert ended(driver(), driver().send(REFS[kind], Command.STOP, LIMIT_S)).is_success
    assert driver().look(REFS[kind]).power == Power.STOPPED
    simulated.change(100, power="running")
    assert ended(driver(), driver().send(REFS[kind], Command.FORCE_STOP, LIMIT_S)).is_success


def test_restart_of_a_container_is_one_task(driver: Any, simulated: Any) -> None:
    simulated.add("lxc", power="running", ignores_acpi=True)
    assert ended(driver(), driver().send(LXC, Command.RESTART, LIMIT_S)).is_success
    assert driver().look(LXC).power == Power.RUNNING
    assert simulated.commands(100) == ["reboot"]


@pytest.mark.parametrize("is_running", [True, False])
def test_sent_since_finds_our_task_while_it_runs_and_after(driver: Any, simulated: Any, is_running: bool) -> None:
    """The list's default leaves running ones out, and shows our user in two ways."""
    simulated.add("qemu", start_seconds=3 if is_running else 0.1)
    before = datetime.now(UTC) - timedelta(seconds=2)
    sent = driver().send(QEMU, Command.START, LIMIT_S)
    if not is_running:
        ended(driver(), sent)
    assert [task.handle for task in driver().sent_since(QEMU, Command.START, before)] == [sent]
    assert driver().sent_since(QEMU, Command.START, datetime.now(UTC) + timedelta(minutes=1)) == []
    assert driver().sent_since(QEMU, Command.REBOOT, before) == []


def test_sent_since_finds_our_task_among_more_than_the_list_shows_by_itself(driver: Any, simulated: Any) -> None:
    """Fifty, where no limit is given: the newest of them."""
    simulated.add("qemu")
    before = datetime.now(UTC) - timedelta(seconds=2)
    sent = driver().send(QEMU, Command.FORCE_STOP, LIMIT_S)
    ended(driver(), sent)
    for _ in range(52):
        simulated.api("POST", "/nodes/pve1/qemu/100/status/shutdown")
    assert [task.handle for task in driver().sent_since(QEMU, Command.FORCE_STOP, before)] == [sent]


def test_sent_since_leaves_out_the_task_of_somebody_else(driver: Any, simulated: Any) -> None:
    simulated.add("qemu")
    simulated.call("POST", "guests/100/power", {"power": "running"})
    assert driver().sent_since(QEMU, Command.START, datetime.now(UTC) - timedelta(minutes=1)) == []


def test_sent_since_finds_our_task_of_the_ha_manager_too(driver: Any, simulated: Any) -> None:
    simulated.add("qemu", ha=True, power="running")
    before = datetime.now(UTC) - timedelta(seconds=2)
    sent = driver().send(QEMU, Command.FORCE_STOP, LIMIT_S, is_managed=driver().look(QEMU).is_managed)
    assert upid.parse(sent).type == "hastop"
    assert [task.handle for task in driver().sent_since(QEMU, Command.FORCE_STOP, before)] == [sent]
    assert driver().look(QEMU).is_managed


def test_upid_has_the_whole_token_for_its_user(driver: Any, simulated: Any) -> None:
    simulated.add("qemu")
    parsed = upid.parse(driver().send(QEMU, Command.START, LIMIT_S))
    assert (parsed.user, parsed.node, parsed.id, parsed.type) == ("panel@pve!portal", "pve1", "100", "qmstart")


def test_task_that_nobody_knows_is_refused(driver: Any) -> None:
    unknown = "UPID:pve1:00001234:00005678:65000000:qmstart:101:panel@pve!portal:"
    assert refused(driver().task, unknown) == Refusal.NO_TASK


def test_task_that_is_none_is_refused_before_it_is_put_in_a_path(driver: Any) -> None:
    assert refused(driver().task, "UPID:../../version") == Refusal.NO_TASK


def test_send_to_a_node_that_no_longer_exists_is_refused_as_not_here(driver: Any, simulated: Any) -> None:
    simulated.add("qemu")
    assert refused(driver().send, GuestRef(Kind.VM, "100", "pve9"), Command.REBOOT, LIMIT_S) == Refusal.NOT_HERE


def test_stop_of_a_container_that_moved_is_refused_as_not_running(driver: Any, simulated: Any) -> None:
    simulated.add("lxc", power="running", node="pve2")
    assert refused(driver().send, LXC, Command.STOP, LIMIT_S) == Refusal.NOT_RUNNING


def test_look_and_send_of_a_guest_that_is_not_on_its_node_are_refused_as_not_here(driver: Any, simulated: Any) -> None:
    simulated.add("qemu", node="pve2")
    assert refused(driver().look, QEMU) == Refusal.NOT_HERE
    assert refused(driver().send, QEMU, Command.REBOOT, LIMIT_S) == Refusal.NOT_HERE
    result = ended(driver(), driver().send(QEMU, Command.START, LIMIT_S))
    assert driver().task_refusal(result) == Refusal.NOT_HERE
    assert [guest.ref.node for guest in driver().guests()] == ["pve2"]


def test_guests_distinguish_paused_from_running_and_unknown_from_stopped(driver: Any, simulated: Any) -> None:
    simulated.add("qemu", 101, power="paused")
    simulated.add("qemu", 102, power="running", node="pve2")
    simulated.add("lxc", 103)
    simulated.call("PATCH", "nodes/pve2", {"up": False})
    powers = {guest.ref.key: guest.power for guest in driver().guests()}
    assert powers == {"101": Power.PAUSED, "102": Power.UNKNOWN, "103": Power.STOPPED}
    assert driver().look(GuestRef(Kind.VM, "101", "pve1")).power == Power.PAUSED


def test_reboot_of_a_paused_machine_is_refused_but_stop_forces_it_down(driver: Any, simulated: Any) -> None:
    simulated.add("qemu", power="paused")
    assert refused(driver().send, QEMU, Command.REBOOT, LIMIT_S) == Refusal.PAUSED
    assert ended(driver(), driver().send(QEMU, Command.STOP, LIMIT_S)).is_success


def test_force_stop_overrules_a_stop_that_still_waits_for_the_shutdown(driver: Any, simulated: Any) -> None:
    simulated.add("qemu", power="running", ignores_acpi=True)
    hanging = driver().send(QEMU, Command.STOP, 60)
    assert ended(driver(), driver().send(QEMU, Command.FORCE_STOP, LIMIT_S)).is_success
    assert ended(driver(), hanging).exit_text == "received interrupt"


def test_abort_ends_a_task_of_ours_and_doing_so_again_is_no_error(driver: Any, simulated: Any) -> None:
    simulated.add("qemu", power="running", never_ends=True)
    hanging = driver().send(QEMU, Command.REBOOT, 60)
    driver().abort(hanging)
    assert ended(driver(), hanging).exit_text == "received interrupt"
    driver().abort(hanging)
    assert refused(driver().abort, hanging.replace("qmreboot", "qmreset")) == Refusal.NO_TASK
    assert refused(driver().abort, "../../access") == Refusal.NO_TASK


@pytest.mark.parametrize(
    ("kind", "marks"),
    [
        ("qemu", ("uuid:aaaaaaaa-0000-0000-0000-000000000100", "mac:bc:24:11:00:00:64", "mac:bc:24:11:00:ff:01")),
        ("lxc", ("mac:bc:24:11:00:00:64", "mac:bc:24:11:00:ff:01", "volume:local-lvm:vm-100-disk-0")),
    ],
)
def test_identity_is_the_uuid_all_network_cards_and_the_root_volume(
    driver: Any, simulated: Any, kind: str, marks: tuple[str, ...]
) -> None:
    simulated.add(kind, more_macs=["BC:24:11:00:FF:01"], volume="local-lvm:vm-100-disk-0")
    assert driver().identity(REFS[kind]) == marks


@pytest.mark.parametrize("kind", ["qemu", "lxc"])
def test_addresses_come_from_the_agent_or_the_container_usable_ones_alone(
    driver: Any, simulated: Any, kind: str
) -> None:
    """Usable is what can be reached from elsewhere; 172.17.0.1 is the bridge of containers inside the guest."""
    reported = ["fe80::1", "2606:4700::5", "172.17.0.1", "1.1.1.5"]
    simulated.add(kind, power="running", agent=True, ips=reported)
    assert driver().addresses(REFS[kind]) == ["1.1.1.5", "2606:4700::5", "172.17.0.1"]


def test_addresses_without_an_agent_are_refused_and_of_a_stopped_container_are_none(
    driver: Any, simulated: Any
) -> None:
    simulated.add("qemu", power="running")
    assert refused(driver().addresses, QEMU) == Refusal.NO_AGENT
    simulated.add("qemu", power="running", agent=True, silent_agent=True)
    assert refused(driver().addresses, QEMU) == Refusal.NO_AGENT
    simulated.add("lxc", 101)
    assert driver().addresses(GuestRef(Kind.CONTAINER, "101", "pve1")) == []


@pytest.mark.parametrize("timeframe", list(Timeframe))
def test_history_is_thinned_to_what_a_graph_can_show(driver: Any, simulated: Any, timeframe: Timeframe) -> None:
    simulated.add("qemu", power="running")
    points = driver().history(QEMU, timeframe)
    assert 50 < len(points) <= 400
    assert [point.time for point in points] == sorted(point.time for point in points)
    assert all(0 <= point.cpu <= 1 for point in points)


def test_history_of_a_stopped_guest_has_gaps_and_of_a_brand_new_one_is_refused(driver: Any, simulated: Any) -> None:
    simulated.add("qemu")
    assert all(point.cpu is None for point in driver().history(QEMU, Timeframe.HOUR)[1:])
    simulated.change(100, has_history=False)
    assert refused(driver().history, QEMU, Timeframe.HOUR) == Refusal.NO_HISTORY


def test_driver_with_a_wrong_token_is_denied(driver: Any) -> None:
    assert refused(driver(secret="wrong").guests) == Refusal.UNAUTHENTICATED


def test_send_to_an_unreachable_node_never_arrives(driver: Any, simulated: Any) -> None:
    simulated.add("qemu")
    simulated.call("PATCH", "nodes/pve1", {"up": False})
    with pytest.raises(Unreachable, match="595"):
        driver().send(QEMU, Command.START, LIMIT_S)


def test_send_whose_answer_is_lost_has_an_unknown_outcome(driver: Any, simulated: Any) -> None:
    simulated.add("qemu")
    simulated.call("PATCH", "faults", {"lose_answers": 1})
    with pytest.raises(OutcomeUnknown):
        driver().send(QEMU, Command.START, LIMIT_S)
    assert simulated.commands(100) == ["start"]


def test_look_has_the_nodes_own_clock(driver: Any, simulated: Any) -> None:
    simulated.add("qemu")
    assert abs((driver().look(QEMU).at - datetime.now(UTC)).total_seconds()) < 3


@pytest.mark.parametrize("node", ["pve1/../..", "pve1?x=1", "", "a b"])
def test_look_refuses_a_nodes_name_that_would_change_the_path(driver: Any, node: str) -> None:
    assert refused(driver().look, GuestRef(Kind.VM, "100", node)) == Refusal.OTHER
