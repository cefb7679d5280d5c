"""Locks of a guest's configuration: which of them the hypervisor minds for which command, and what is waited for."""

from typing import Any

import pytest
from django.utils import timezone

from tests.seams import Shorten
from tests.simulated import Cluster as Simulated
from tests.verbs import CYCLES, power_before
from tests.vps.conftest import advance_once, carry_out
from tests.vps.hypervisor.proxmox.impostor import http_answer
from vps import operations
from vps.guests import GuestRef, Kind
from vps.hypervisor import connect
from vps.hypervisor.base import Power
from vps.hypervisor.proxmox.driver import Proxmox
from vps.models import Operation, Vps
from vps.operations.verbs import VERBS

QEMU, LXC = "qemu", "lxc"
LOCKS = {
    QEMU: [
        "backup",
        "clone",
        "create",
        "migrate",
        "rollback",
        "snapshot",
        "snapshot-delete",
        "suspended",
        "suspending",
    ],
    LXC: ["backup", "create", "destroyed", "disk", "fstrim", "migrate", "mounted", "rollback", "snapshot"],
}
# By the sources of qemu-server 9.2 and pve-container 6.1, and the recordings: all others are refused, or do harm.
CARRIED_OUT: dict[str, set[tuple[str, str]]] = {
    "start": {(QEMU, "suspended"), (LXC, "mounted")},
    "reboot": {(LXC, "mounted")},
    "stop": set(),
    "restart": {(LXC, "mounted")},
    "force-stop": {(LXC, "mounted")},
}
TABLE = [(guest, lock, verb) for guest in LOCKS for lock in LOCKS[guest] for verb in VERBS]


@pytest.fixture(autouse=True)
def quick(quick_pauses: None, shorten: Shorten) -> None:
    shorten(shutdown_s=1)


def asked(vps: Any, kind: str) -> Operation:
    return operations.request(vps, kind, by=None, source="page")


def now_due() -> None:
    Operation.objects.update(due_at=timezone.now())


@pytest.mark.parametrize(("guest", "lock", "verb"), TABLE)
def test_verb_waits_for_the_locks_alone_that_the_hypervisor_minds(
    server: Any, simulated: Simulated, guest: str, lock: str, verb: str
) -> None:
    """B8: with any other lock the command is sent."""
    vps = server(guest, power=power_before(verb), lock=lock, shutdown_seconds=0)
    operation = asked(vps, verb)
    if (guest, lock) in CARRIED_OUT[verb]:
        assert carry_out(operation).state == "succeeded"
        assert len(simulated.commands(100)) == 1
        return
    for _ in range(2):
        advance_once(operation)
        now_due()
    operation.refresh_from_db()
    assert (operation.state, operation.step, simulated.commands(100)) == ("running", "locked", [])
    simulated.change(100, lock="")
    assert carry_out(operation).state == "succeeded"


def test_stop_of_what_is_down_minds_no_lock(server: Any, simulated: Simulated) -> None:
    assert carry_out(asked(server(lock="backup"), "stop")).state == "succeeded"
    assert simulated.commands(100) == []


def test_start_of_a_machine_that_is_down_does_not_wait_for_its_backup(server: Any, simulated: Simulated) -> None:
    """B8: its process is there for the backup, paused, and a start lets it go on."""
    operation = carry_out(asked(server(power="paused", lock="backup"), "start"))
    assert (operation.state, simulated.guest(100)["power"]) == ("succeeded", "running")


@pytest.mark.parametrize(("lock", "seen"), [("backup", Power.PAUSED), ("", Power.RUNNING)])
def test_look_does_not_take_what_runs_for_its_backup_alone_for_running(impostor: Any, lock: str, seen: Power) -> None:
    body = f'{{"data":{{"status":"running","qmpstatus":"prelaunch","lock":"{lock}"}}}}'.encode()
    hypervisor = connect("proxmox", impostor.access(impostor.answering(http_answer(body))))
    assert hypervisor.look(GuestRef(Kind.VM, "100", "pve1")).power == seen


# B25


@pytest.mark.parametrize("verb", CYCLES)
def test_reboot_of_a_container_looks_at_its_lock_right_before_its_command(
    server: Any, simulated: Simulated, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """B25: it would go down, and the lock would keep it from coming up."""
    operation = asked(server(LXC, power="running"), verb)
    real, looks = Proxmox.look, [0]

    def locked_after_the_first(self: Proxmox, ref: Any) -> Any:
        look = real(self, ref)
        looks[0] += 1
        if looks[0] == 1:
            simulated.change(100, lock="backup")
        return look

    monkeypatch.setattr(Proxmox, "look", locked_after_the_first)
    advance_once(operation)
    operation.refresh_from_db()
    assert (operation.step, operation.attempts, simulated.commands(100)) == ("locked", 0, [])


def until_down(operation: Operation) -> Operation:
    """As workers go on until its guest waits down for its lock, or it has ended."""
    for _ in range(200):
        now_due()
        advance_once(operation)
        operation.refresh_from_db()
        if operation.step == "down" or not operation.is_open:
            break
    return operation


def half_rebooted(server: Any, simulated: Simulated, verb: str = "reboot") -> Operation:
    """The lock comes while the command is on its way: the container is down, and stays so."""
    operation = asked(server(LXC, power="running", shutdown_seconds=0.5), verb)
    advance_once(operation)
    simulated.change(100, lock="backup")
    return until_down(operation)


@pytest.mark.parametrize("verb", CYCLES)
def test_reboot_brings_up_a_container_that_it_left_down_when_the_lock_is_gone(
    server: Any, simulated: Simulated, verb: str
) -> None:
    """B25: the second half waits for the lock, and is a start."""
    operation = half_rebooted(server, simulated, verb)
    assert (operation.state, operation.step) == ("running", "down")
    assert "systemctl start pve-container@100" in operation.error_detail
    assert Vps.objects.get().status == "stopped"
    for _ in range(3):
        now_due()
        advance_once(operation)
    assert simulated.commands(100) == ["reboot"]
    simulated.change(100, lock="")
    now_due()
    assert carry_out(operation).state == "succeeded"
    assert (simulated.commands(100), simulated.guest(100)["power"]) == (["reboot", "start"], "running")
    assert Vps.objects.get().status == "running"


def test_server_page_says_that_a_reboot_left_it_down_and_why(
    server: Any, simulated: Simulated, as_user: Any, alice: Any
) -> None:
    """B25: whoever looks meanwhile learns that it will be started."""
    half_rebooted(server, simulated)
    page = as_user(alice).get(f"/vps/{Vps.objects.get().pk}/").content.decode()
    assert "The server is down, and is started as soon as it is free" in page


def test_reboot_whose_lock_outlasts_the_deadline_says_that_it_left_the_guest_down(
    server: Any, simulated: Simulated
) -> None:
    """B25: `left_stopped`, and another operation may be asked for."""
    operation = half_rebooted(server, simulated)
    Operation.objects.update(deadline_at=timezone.now(), due_at=timezone.now())
    advance_once(operation)
    operation.refresh_from_db()
    assert (operation.error_code, Vps.objects.get().status) == ("left_stopped", "stopped")
    assert operations.refusal(Vps.objects.get()) is None


def test_reboot_whose_second_answer_is_lost_sends_its_start_once(server: Any, simulated: Simulated) -> None:
    """B25: the start is found, as any command is."""
    operation = half_rebooted(server, simulated)
    simulated.change(100, lock="")
    simulated.call("PATCH", "faults", {"lose_answers": 1})
    now_due()
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["reboot", "start"]


def test_reboot_sends_no_start_where_somebody_else_was_first(server: Any, simulated: Simulated) -> None:
    """B25: a guest that runs needs no second half."""
    operation = half_rebooted(server, simulated)
    simulated.change(100, power="running", lock="")
    now_due()
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["reboot"]


def test_reboot_says_that_a_container_that_cannot_be_started_again_is_down(server: Any, simulated: Simulated) -> None:
    """B25: a start that fails is the end."""
    operation = carry_out(asked(server(LXC, power="running", fail_start=True), "reboot"))
    assert operation.error_code == "did_not_come_back"
    assert (Vps.objects.get().status, simulated.commands(100)) == ("stopped", ["reboot", "start"])


def test_reboot_brings_up_a_machine_that_a_lock_keeps_down(server: Any, simulated: Simulated) -> None:
    """B25: its second half is the hypervisor's own start, which minds the lock as ours does."""
    operation = asked(server(power="running", shutdown_seconds=0.3, start_seconds=0.1), "reboot")
    advance_once(operation)
    simulated.change(100, fail_start=True, lock="backup")
    until_down(operation)
    assert (operation.step, Vps.objects.get().status) == ("down", "stopped")
    simulated.change(100, fail_start=False, lock="")
    now_due()
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["reboot", "start"]


def test_reboot_that_left_a_machine_down_starts_it_though_its_backup_has_begun(
    server: Any, simulated: Simulated
) -> None:
    """A backup of a machine that is down runs in its process, paused: what is sent now is a start, which lets it go on."""
    operation = asked(server(power="running", shutdown_seconds=0.3, start_seconds=0.1), "reboot")
    advance_once(operation)
    simulated.change(100, fail_start=True, lock="backup")
    until_down(operation)
    simulated.change(100, fail_start=False, power="paused")
    now_due()
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["reboot", "start"]
