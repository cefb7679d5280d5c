"""What does not answer hurts itself alone: clusters and nodes that are down or hang, and how many ask one at once."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.simulated import PATIENCE, serving
from tests.simulated import Cluster as Simulated
from tests.vps.conftest import advance_once, at_once, registered
from tests.vps.hypervisor.proxmox.impostor import http_answer
from vps import operations
from vps.guests import GuestRef, Kind
from vps.hypervisor import traits_of
from vps.hypervisor.base import Command, HypervisorError, OutcomeUnknown, Timeframe, Unreachable
from vps.models import Cluster, ClusterNode, Operation, Placement, Vps
from vps.open_hypervisor import Crowded, most_commanding, open_hypervisor, retry_in_s
from vps.operations import advance as advancing
from vps.services import binding
from vps.services.reconcile import reconcile

AT_ONCE = traits_of("proxmox").at_once
GUEST = GuestRef(Kind.VM, "100", "pve1")
HELD_BACK = "asked again later"

at_the_same_time = pytest.mark.django_db(transaction=True)


def ask(cluster: Cluster, what: Callable[[Any], Any] = lambda hypervisor: hypervisor.version()) -> Any:
    with open_hypervisor(Cluster.objects.get(pk=cluster.pk)) as hypervisor:
        return what(hypervisor)


def seconds_left(row: Any) -> int:
    row.refresh_from_db()
    return round((row.retry_at - timezone.now()).total_seconds())


@pytest.fixture
def host(simulated: Simulated) -> str:
    return simulated.simulator.tls


# The breaker


def test_circuit_breaker_leaves_what_does_not_answer_alone_for_pauses_that_double(
    simulated: Simulated, real_cluster: Cluster, host: str
) -> None:
    simulated.ail(host, refuse=True)
    pauses, since = [], set()
    for _ in range(7):
        real_cluster.ask_at_once()
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
            ask(real_cluster)
        pauses.append(seconds_left(real_cluster))
        since.add(real_cluster.unreachable_since)
        with pytest.raises(Unreachable, match=HELD_BACK):
            ask(real_cluster)
    assert pauses == [10, 20, 40, 80, 160, 180, 180]
    assert len(since) == 1
    simulated.ail(host, refuse=False)
    with pytest.raises(Unreachable, match=HELD_BACK):
        ask(real_cluster)
    real_cluster.ask_at_once()
    assert ask(real_cluster) == "9.2.11"
    real_cluster.refresh_from_db()
    assert (real_cluster.failures, real_cluster.unreachable_since, real_cluster.retry_at) == (0, None, None)
    assert ask(real_cluster) == "9.2.11"


@at_the_same_time
def test_circuit_breaker_lets_one_of_many_find_out_whether_it_is_back(
    simulated: Simulated, real_cluster: Cluster, host: str
) -> None:
    simulated.ail(host, refuse=True)
    with suppress(Unreachable):
        ask(real_cluster)
    simulated.ail(host, refuse=False)
    simulated.call("PATCH", "faults", {"delay_seconds": 0.5})
    real_cluster.ask_at_once()
    simulated.forget_load()
    results = at_once(*[lambda: ask(real_cluster)] * AT_ONCE)
    assert sorted(map(str, results)) == ["9.2.11"] + [f"simulated does not answer, and is {HELD_BACK}"] * 3
    assert simulated.load()["calls"] == 1


@at_the_same_time
def test_circuit_breaker_counts_one_of_many_calls_that_fail_at_once(
    simulated: Simulated, real_cluster: Cluster, host: str, impatient: None
) -> None:
    simulated.ail(host, silent=True)
    results = at_once(*[lambda: ask(real_cluster)] * AT_ONCE)
    assert [HELD_BACK in str(result) for result in results] == [False] * AT_ONCE
    assert seconds_left(real_cluster) == 10
    assert real_cluster.failures == 1


CLUSTER_DOWN, NODE_DOWN, NOBODY = (True, False), (False, True), (False, False)


@pytest.mark.parametrize(
    ("status", "marked"),
    [
        ("401 Authentication failed!", CLUSTER_DOWN),
        ("403 Permission check failed (/vms/100, VM.Audit)", NOBODY),
        ("500 Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist", NOBODY),
        ("595 No route to host", NODE_DOWN),
        ("596 Connection timed out", NODE_DOWN),
        ("502 Bad Gateway", NODE_DOWN),
    ],
)
def test_circuit_breaker_leaves_alone_who_is_to_blame(db: None, impostor: Any, status: str, marked: Any) -> None:
    cluster = registered(impostor.access(impostor.answering(http_answer(b'{"data":null}', status))))
    with pytest.raises(HypervisorError, match=status[:3]):
        ask(cluster, lambda hypervisor: hypervisor.look(GUEST))
    cluster.refresh_from_db()
    assert (cluster.failures > 0, ClusterNode.objects.unreachable().exists()) == marked


def test_circuit_breaker_of_a_cluster_is_closed_by_the_answer_that_a_node_is_down(
    simulated: Simulated, real_cluster: Cluster, host: str
) -> None:
    simulated.ail(host, refuse=True)
    with suppress(Unreachable):
        ask(real_cluster)
    simulated.ail(host, refuse=False)
    simulated.call("PATCH", "nodes/pve1", {"up": False})
    real_cluster.ask_at_once()
    with pytest.raises(Unreachable, match="595"):
        ask(real_cluster, lambda hypervisor: hypervisor.look(GUEST))
    assert ask(real_cluster) == "9.2.11"


def test_circuit_breaker_of_nodes_ends_when_the_whole_cluster_that_hung_is_back(
    simulated: Simulated, real_cluster: Cluster, impatient: None
) -> None:
    """Their own pauses may be long by then, and nobody else would ask them."""
    simulated.add()
    simulated.call("PATCH", "faults", {"delay_seconds": 3})
    for what in (lambda hypervisor: hypervisor.look(GUEST), lambda hypervisor: hypervisor.guests()):
        with pytest.raises(OutcomeUnknown):
            ask(real_cluster, what)
    assert ClusterNode.objects.unreachable().exists()
    simulated.call("PATCH", "faults", {"delay_seconds": 0})
    real_cluster.ask_at_once()
    assert reconcile(real_cluster.pk) == 0
    assert ask(real_cluster, lambda hypervisor: hypervisor.look(GUEST)).node == "pve1"


def test_circuit_breaker_of_a_node_learns_nothing_from_the_history_of_a_guest(
    simulated: Simulated, real_cluster: Cluster, impatient: None
) -> None:
    """Every host has a copy of it: one that answers for a dead node would have all who wait there go and ask."""
    simulated.add()
    simulated.call("PATCH", "nodes/pve1", {"up": False})
    with pytest.raises(Unreachable, match="595"):
        ask(real_cluster, lambda hypervisor: hypervisor.look(GUEST))
    node = ClusterNode.objects.get()
    assert ask(real_cluster, lambda hypervisor: hypervisor.history(GUEST, Timeframe.HOUR))
    node.ask_at_once()
    assert ask(real_cluster, lambda hypervisor: hypervisor.history(GUEST, Timeframe.HOUR))
    assert node.admit_call(), "the one probe was left to a call that tells"
    assert ClusterNode.objects.unreachable().exists()


def test_circuit_breaker_blames_nobody_for_a_commands_lost_answer_but_for_the_reads_after_it(
    simulated: Simulated, real_cluster: Cluster, impatient: None
) -> None:
    simulated.add()
    simulated.call("PATCH", "faults", {"lose_answers": 1})
    with pytest.raises(OutcomeUnknown):
        ask(real_cluster, lambda hypervisor: hypervisor.send(GUEST, Command.START, 60))
    assert not ClusterNode.objects.exists()
    simulated.hang("pve1", 5)
    with pytest.raises(OutcomeUnknown):
        ask(real_cluster, lambda hypervisor: hypervisor.look(GUEST))
    assert seconds_left(ClusterNode.objects.get()) == 10
    simulated.hang("pve1", 0)
    with pytest.raises(Unreachable, match=f"pve1 .* {HELD_BACK}"):
        ask(real_cluster, lambda hypervisor: hypervisor.look(GUEST))
    ClusterNode.objects.get().ask_at_once()
    assert ask(real_cluster, lambda hypervisor: hypervisor.look(GUEST)).node == "pve1"
    assert not ClusterNode.objects.unreachable().exists()


def test_circuit_breaker_learns_nothing_from_a_worker_that_was_too_late_to_send(
    simulated: Simulated, real_cluster: Cluster
) -> None:
    simulated.add()
    with pytest.raises(Unreachable, match="too late"):
        ask(real_cluster, lambda hypervisor: hypervisor.send(GUEST, Command.START, 60, leave_by=time.monotonic() - 1))
    real_cluster.refresh_from_db()
    assert (real_cluster.failures, simulated.commands(100)) == (0, [])


def test_advance_that_is_rescheduled_as_the_cluster_answers_again_is_due_soon(
    server: Any, simulated: Simulated, real_cluster: Cluster, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has seen that the cluster is silent, and others are woken before it sleeps."""
    operation = operations.request(server(), "start", by=None, source="page")
    simulated.ail(host, refuse=True)

    def silence_that_ends(*where: Any) -> float:
        seconds = retry_in_s(*where)
        simulated.ail(host, refuse=False)
        real_cluster.ask_at_once()
        assert ask(real_cluster) == "9.2.11"
        return seconds

    monkeypatch.setattr(advancing, "retry_in_s", silence_that_ends)
    assert advance_once(operation) == pytest.approx(10, abs=1)
    operation.refresh_from_db()
    assert operation.due_at - timezone.now() < timedelta(seconds=4)


# Its neighbours


def asked_of(vpses: list[Vps], kind: str = "start") -> list[Operation]:
    return [operations.request(vps, kind, by=None, source="page") for vps in vpses]


def working(
    cluster: Cluster, are_done: Callable[[], bool], nodes: tuple[str, ...] = ("pve1", "pve2")
) -> Callable[[], float]:
    """A worker of a cluster until then; gives how long it took."""

    def run() -> float:
        since = time.monotonic()
        while not are_done() and time.monotonic() - since < 8 * PATIENCE:
            operations.work(cluster.pk)
            for node in nodes:
                operations.watch(cluster.pk, node)
            time.sleep(0.05)
        return time.monotonic() - since

    return run


def have_ended(operations: list[Operation]) -> Callable[[], bool]:
    ids = [operation.pk for operation in operations]
    return lambda: not Operation.objects.open().filter(pk__in=ids).exists()


def states(operations: list[Operation]) -> set[tuple[str, str]]:
    for operation in operations:
        operation.refresh_from_db()
    return {(operation.state, operation.step) for operation in operations}


@at_the_same_time
@pytest.mark.parametrize("trouble", [{"hang_seconds": 30}, {"up": False}])
def test_work_is_held_up_by_a_dead_node_for_its_own_guests_alone(
    server: Any, simulated: Simulated, real_cluster: Cluster, impatient: None, quick_pauses: None, trouble: Any
) -> None:
    (calm,) = at_once(working(real_cluster, have_ended(asked_of([server(vmid=107)]))))
    dark = asked_of([server(vmid=vmid, node="pve2") for vmid in (101, 102, 103, 104)])
    bright = asked_of([server(vmid=vmid) for vmid in (105, 106)])
    simulated.call("PATCH", "nodes/pve2", trouble)
    took = at_once(*[working(real_cluster, have_ended(bright))] * 3)
    assert max(took) < 3 + 3 * calm
    assert states(bright) == {("succeeded", "done")}
    assert states(dark) <= {("queued", "silent"), ("queued", "waiting")}
    real_cluster.refresh_from_db()
    assert (real_cluster.failures, real_cluster.unreachable_since) == (0, None)
    assert ClusterNode.objects.unreachable().get().name == "pve2"
    simulated.call("PATCH", "nodes/pve2", {"hang_seconds": 0, "up": True})
    ClusterNode.objects.get().ask_at_once()
    ask(real_cluster, lambda hypervisor: hypervisor.look(GuestRef(Kind.VM, "101", "pve2")))
    working(real_cluster, have_ended(dark))()
    assert states(dark) == {("succeeded", "done")}


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Simulated]:
    (tmp_path / "other").mkdir()
    with serving(tmp_path / "other") as cluster:
        yield cluster


@at_the_same_time
def test_work_of_a_cluster_is_not_held_up_by_another_that_hangs(
    server: Any,
    alice: Any,
    make_vps: Any,
    simulated: Simulated,
    real_cluster: Cluster,
    other: Simulated,
    impatient: None,
) -> None:
    unreachable = registered(other.access(), "other")
    dark = make_vps(alice)
    guest = other.add()
    Placement.objects.create(vps=dark, cluster=unreachable, kind="qemu", vmid=guest["vmid"], node="pve1")
    asked = asked_of([dark, bright := server()])
    other.ail(other.simulator.tls, silent=True)
    ends = have_ended(asked[1:])
    results = at_once(
        working(unreachable, ends),
        working(real_cluster, ends),
        lambda: reconcile(unreachable.pk),
        lambda: reconcile(real_cluster.pk),
    )
    other.ail(other.simulator.tls, silent=False)
    assert max(results[:2]) < 4
    assert states(asked) == {("queued", "silent"), ("succeeded", "done")}
    real_cluster.refresh_from_db()
    unreachable.refresh_from_db()
    assert (real_cluster.failures, unreachable.failures) == (0, 1)
    assert Vps.objects.get(pk=bright.pk).shown.word == "running"


# How many


def let_in(cluster: Cluster, *, to_command: bool = False) -> Callable[[], bool]:
    def call() -> bool:
        try:
            with open_hypervisor(cluster, to_command=to_command) as hypervisor:
                hypervisor.version()
        except Crowded:
            connection.close()
            return False
        return True

    return call


@at_the_same_time
def test_open_hypervisor_lets_four_in_at_once_and_three_with_commands(
    simulated: Simulated, real_cluster: Cluster
) -> None:
    simulated.call("PATCH", "faults", {"delay_seconds": 0.6})
    operations = [let_in(real_cluster, to_command=True)] * 10
    assert sum(at_once(*operations)) == most_commanding("proxmox") == 3
    assert simulated.load()["most_in_flight"] == 3
    simulated.forget_load()
    assert sum(at_once(*operations, *[let_in(real_cluster)] * 10)) == AT_ONCE == 4
    assert simulated.load()["most_in_flight"] == 4


@at_the_same_time
def test_open_hypervisor_leaves_room_for_commands_beside_those_who_look(
    simulated: Simulated, real_cluster: Cluster
) -> None:
    simulated.call("PATCH", "faults", {"delay_seconds": 0.5})
    lookers, commanders = ([let_in(real_cluster, to_command=to_command)] * 2 for to_command in (False, True))
    assert at_once(*lookers, *commanders) == [True] * 4


@at_the_same_time
def test_identify_of_hundreds_keeps_no_command_waiting(
    server: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    """Each takes a slot for two calls, and the next is there as soon as it is free."""
    vps = server()
    operation = operations.request(vps, "start", by=None, source="page")
    simulated.call("PATCH", "faults", {"delay_seconds": 0.3})
    until = time.monotonic() + 6

    def identify() -> None:
        while time.monotonic() < until and Operation.objects.get(pk=operation.pk).step == "waiting":
            binding.identify(vps.placement.pk)

    def work() -> None:
        time.sleep(0.5)
        operations.work(real_cluster.pk)

    at_once(*[identify] * AT_ONCE, work)
    assert simulated.commands(100) == ["start"]
    assert simulated.load()["most_in_flight"] <= AT_ONCE


@at_the_same_time
def test_work_makes_three_calls_at_a_time(server: Any, simulated: Simulated, real_cluster: Cluster) -> None:
    vmids = range(200, 215)
    slow = {"start_seconds": 60 * PATIENCE}
    asked = asked_of([server(vmid=vmid, node=f"pve{vmid % 2 + 1}", **slow) for vmid in vmids])
    simulated.call("PATCH", "faults", {"delay_seconds": 0.02})
    simulated.forget_load()
    at_once(*[lambda: operations.work(real_cluster.pk)] * 6)
    assert states(asked) == {("running", "working")}
    assert simulated.load()["most_in_flight"] == most_commanding("proxmox")
    assert [simulated.commands(vmid) for vmid in vmids] == [["start"]] * len(vmids)
