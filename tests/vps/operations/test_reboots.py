"""When a reboot is done, and when it is not: an uptime is a duration, whatever the clocks of the hosts that tell of it."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.simulated import Cluster as Simulated
from tests.simulated import wait_for, with_two_hosts
from tests.vps.conftest import advance_once, carry_out, registered
from vps import operations
from vps.db import clock
from vps.guests import Kind
from vps.hypervisor import connect
from vps.hypervisor.base import Look, Power
from vps.hypervisor.proxmox.driver import Proxmox
from vps.models import Cluster, Operation, Placement, Vps
from vps.operations import confirm
from vps.operations.task_log import intent_of

__all__ = ["with_two_hosts"]

KINDS = ["qemu", "lxc"]
NOW = timezone.now()
GONE = {"data": None, "message": "Parameter verification failed.\n", "errors": {"upid": "no such task"}}


@pytest.fixture(autouse=True)
def quick(quick_pauses: None) -> None:
    """All of these take many steps, one after another."""


def asked(vps: Any, kind: str = "reboot") -> Operation:
    return operations.request(vps, kind, by=None, source="page")


def now_due() -> None:
    Operation.objects.update(due_at=timezone.now())


def look(uptime_s: int | None, **facts: Any) -> Look:
    """With a clock of its own, a day behind."""
    plain = {"node": "pve1", "kind": Kind.VM, "power": Power.RUNNING}
    return Look(**plain | {"at": NOW - timedelta(days=1), "uptime_s": uptime_s} | facts)


def sent(seconds_ago: float, kind: str = "reboot", guest: str = "qemu") -> Operation:
    left_at = NOW - timedelta(seconds=seconds_ago)
    placed = Vps(placement=Placement(kind=guest, vmid=100, node="pve1"))
    return Operation(vps=placed, kind=kind, intent_at=NOW, sent_at=NOW, sent_after=left_at)


@pytest.fixture
def is_done(monkeypatch: pytest.MonkeyPatch, simulated: Simulated) -> Any:
    """Whether what is seen now proves that this operation is done."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return lambda operation, look: confirm.is_seen_done(operation, look, connect("proxmox", simulated.access()))


# B7 and B16: figures, so that a change of any of them is red.


@pytest.mark.parametrize(
    ("uptime_s", "seconds_ago", "is_proof"),
    [
        (0, 0, True),
        (2, 0, True),
        (3, 0.9, False),
        (10, 60, True),
        (60, 60, True),
        (62, 60, True),
        (63, 60.9, False),
        (1000, 60, False),
        (None, 60, False),
    ],
)
@pytest.mark.parametrize(("guest", "kind"), [("qemu", "reboot"), ("lxc", "reboot"), ("lxc", "restart")])
def test_is_seen_done_takes_a_guest_that_is_up_no_longer_than_since_its_reboot_was_sent(
    is_done: Any, guest: str, kind: str, uptime_s: int | None, seconds_ago: float, is_proof: bool
) -> None:
    """B7, B16: a second or two are the grain of an uptime."""
    operation = sent(seconds_ago, kind, guest)
    assert is_done(operation, look(uptime_s, kind=Placement.Kind(guest).guest_kind)) == is_proof


def test_is_seen_done_judges_an_operation_of_before_the_upgrade_by_when_it_was_sent(is_done: Any) -> None:
    operation = sent(60)
    operation.sent_at, operation.sent_after = operation.sent_after, None
    assert is_done(operation, look(30))
    assert not is_done(operation, look(90))


def test_is_seen_done_of_a_restart_goes_by_no_uptime_and_of_a_reboot_wants_it_up(is_done: Any) -> None:
    assert is_done(sent(1, "restart"), look(1000))
    assert not is_done(sent(1), look(0, power=Power.STOPPED))


@pytest.mark.parametrize("kind", KINDS)
def test_reboot_is_not_done_while_the_guest_is_up_from_before(server: Any, simulated: Simulated, kind: str) -> None:
    """B16: the node has forgotten the task, so the guest alone can tell: it runs, and has run for an hour."""
    vps = server(kind, power="running", started_at=time.time() - 3600, never_ends=True)
    operation = asked(vps)
    advance_once(operation)
    simulated.answer("GET", "/nodes/pve1/tasks/.*/status", 400, "Parameter verification failed.", body=GONE)
    simulated.answer("GET", "/nodes/pve1/tasks", 200, body={"data": []})
    for _ in range(6):
        now_due()
        advance_once(operation)
    operation.refresh_from_db()
    assert (operation.state, operation.step) == ("running", "confirming")
    simulated.change(100, power="stopped")
    simulated.change(100, power="running")
    now_due()
    advance_once(operation)
    operation.refresh_from_db()
    assert operation.state == "succeeded"


# B7


def bound_to(cluster: Cluster, simulated: Simulated, vps: Vps, kind: str, **facts: Any) -> Vps:
    guest = simulated.add(kind, power="running", started_at=time.time() - 3600, **facts)
    Placement.objects.create(
        vps=vps, cluster=cluster, kind=kind, vmid=guest["vmid"], node=guest["node"], power="running"
    )
    return vps


@pytest.fixture
def two_hosts(db: None, with_two_hosts: Simulated, alice: Any, make_vps: Any) -> Any:
    """Alice's server on a cluster with two API hosts, the first of which is asked first."""
    cluster = registered(with_two_hosts.access(hosts=with_two_hosts.simulator.tls_hosts))

    def make(kind: str, **facts: Any) -> Vps:
        return bound_to(cluster, with_two_hosts, make_vps(alice), kind, **facts)

    return make


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seconds", [-3600, -20, 20, 3600])
def test_reboot_succeeds_though_another_host_whose_clock_is_off_answers_in_the_middle(
    two_hosts: Any, with_two_hosts: Simulated, kind: str, seconds: int
) -> None:
    """B7: an uptime is a duration."""
    first, second = with_two_hosts.simulator.tls_hosts
    with_two_hosts.set_clock(second, seconds)
    operation = asked(two_hosts(kind))
    advance_once(operation)
    with_two_hosts.ail(first, refuse=True)
    assert carry_out(operation).state == "succeeded"
    assert with_two_hosts.commands(100) == ["reboot"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seconds", [-3600, -20, 20, 3600])
def test_reboot_is_not_proved_by_a_clock_that_is_off(
    two_hosts: Any, with_two_hosts: Simulated, kind: str, seconds: int
) -> None:
    """B7: the guest runs on as before, and the host that is asked now is ahead or behind."""
    operation = asked(two_hosts(kind, never_ends=True))
    advance_once(operation)
    first, second = with_two_hosts.simulator.tls_hosts
    with_two_hosts.set_clock(second, seconds)
    with_two_hosts.ail(first, refuse=True)
    with_two_hosts.answer("GET", "/nodes/pve1/tasks/.*/status", 400, "Parameter verification failed.", body=GONE)
    with_two_hosts.answer("GET", "/nodes/pve1/tasks", 200, body={"data": []})
    for _ in range(5):
        now_due()
        advance_once(operation)
    operation.refresh_from_db()
    assert (operation.state, operation.step) == ("running", "confirming")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seconds", [-3600, -90, 90, 3600])
def test_find_finds_a_lost_command_whatever_the_date_of_the_host_that_was_asked(
    server: Any, simulated: Simulated, kind: str, seconds: int
) -> None:
    """B7: a clock that is ahead would hide the task, and it would be sent again."""
    simulated.set_clock(simulated.simulator.tls, seconds)
    vps = server(kind, power="running", started_at=time.time() - 3600)
    simulated.call("PATCH", "faults", {"lose_answers": 1})
    operation = asked(vps)
    advance_once(operation)
    past = timezone.now() - timedelta(seconds=60)
    Operation.objects.update(sent_at=past, due_at=past)
    advance_once(operation)
    operation.refresh_from_db()
    assert operation.handle
    assert carry_out(operation).state == "succeeded"
    assert simulated.commands(100) == ["reboot"]


@pytest.mark.parametrize("days", [-1, 1])
def test_intent_of_goes_by_the_clock_that_is_behind(db: None, days: int) -> None:
    """B7: those of a node that is behind bear its time, and would lie before our own."""
    moved_to = timezone.now() + timedelta(days=days)
    assert (intent_of(look(0, at=moved_to), timezone.now()) == moved_to) == (days < 0)


# B23


@pytest.mark.parametrize("seconds", [15, 22])
def test_reboot_gives_a_guest_its_time_to_come_up(server: Any, simulated: Simulated, seconds: int) -> None:
    """B23: not up yet, within thirty seconds, is no failure."""
    operation = gone_down(server, simulated)
    Operation.objects.update(down_since=timezone.now() - timedelta(seconds=seconds))
    now_due()
    advance_once(operation)
    operation.refresh_from_db()
    assert (operation.state, operation.step) == ("running", "confirming")
    simulated.change(100, power="running")
    assert carry_out(operation).state == "succeeded"


def test_reboot_whose_guest_stays_down_fails_soon_and_a_start_is_offered(
    server: Any, simulated: Simulated, as_user: Any, alice: Any
) -> None:
    """B23: long before the deadline."""
    operation = gone_down(server, simulated)
    assert operation.down_since is not None
    long_ago = timezone.now() - timedelta(seconds=31)
    Operation.objects.update(down_since=long_ago, sent_after=long_ago)
    now_due()
    advance_once(operation)
    operation.refresh_from_db()
    assert (operation.state, operation.error_code) == ("failed", "did_not_come_back")
    assert operation.deadline_at > timezone.now()
    vps = Vps.objects.get()
    assert (vps.status, vps.shown.word) == ("stopped", "stopped")
    page = as_user(alice).get(f"/vps/{vps.pk}/").content.decode()
    assert "/start" in page
    stop = asked(Vps.objects.get(), "force-stop")
    advance_once(stop)
    stop.refresh_from_db()
    assert stop.state == "succeeded", "what was waited for once is not waited for again"


def test_traits_let_a_guest_come_up_within_thirty_seconds() -> None:
    assert Proxmox.traits.comes_up_within_s == 30


def gone_down(server: Any, simulated: Simulated) -> Operation:
    operation = asked(server(power="running", fail_start=True, shutdown_seconds=0.1))
    advance_once(operation)
    wait_for(lambda: simulated.guest(100)["power"] == "stopped")

    def is_seen_down() -> bool:
        now_due()
        advance_once(operation)
        operation.refresh_from_db()
        return operation.down_since is not None

    wait_for(is_seen_down)
    return operation


# B24


def test_progress_never_runs_backwards(server: Any, simulated: Simulated) -> None:
    """B24: a lock, a command whose task met another lock, a refusal, and at last a start."""
    operation = asked(server(ends={"start": "VM is locked (backup)"}), "start")
    seen = [operation.progress]

    def look_at_it() -> int:
        now_due()
        advance_once(operation)
        seen.append(Operation.objects.get().progress)
        assert Operation.objects.get().public()["progress"] == seen[-1]
        return seen[-1]

    wait_for(lambda: look_at_it() >= 50)
    wait_for(lambda: look_at_it() and Operation.objects.get().step == "locked")
    simulated.answer("POST", ".*/status/start", 500, "cluster not ready - no quorum?")
    wait_for(lambda: look_at_it() and Operation.objects.get().step == "waiting")
    simulated.call("PATCH", "nodes/pve1", {"up": False})
    wait_for(lambda: look_at_it() and Operation.objects.get().step == "silent")
    simulated.call("PATCH", "nodes/pve1", {"up": True})
    simulated.answer_truly()
    simulated.change(100, ends={})
    Cluster.objects.get().nodes.update(failures=0, retry_at=None)
    wait_for(lambda: look_at_it() == 100)
    assert seen == sorted(seen)
    assert seen[0] == 0


def test_progress_of_what_has_failed_stays_where_it_was(server: Any, simulated: Simulated) -> None:
    """B24: a failure is no hundred per cent."""
    operation = carry_out(asked(server(ends={"start": "start failed: QEMU exited with code 1"}), "start"))
    assert (operation.state, operation.progress) == ("failed", 50)
