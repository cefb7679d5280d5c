"""Workers whose own clock is wrong, ahead or behind: nothing is taken early, sent again early, or ended early."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.simulated import Cluster as Simulated
from tests.vps.conftest import advance_once, carry_out
from vps import operations
from vps.models import Cluster, Operation, Vps
from vps.open_hypervisor import retry_in_s
from vps.services import creation
from vps.services.reconcile import reconcile

real = timezone.now
WRONG = [timedelta(hours=-2), timedelta(minutes=-1), timedelta(minutes=1), timedelta(hours=2)]


def asked(vps: Vps, kind: str = "start") -> Operation:
    return operations.request(vps, kind, by=None, source="page")


@pytest.fixture(params=WRONG, ids=str)
def go_wrong(request: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on this process has another clock than its database."""
    return lambda: monkeypatch.setattr(timezone, "now", lambda: real() + request.param)


def test_reboot_by_a_wrong_clock_is_carried_out_at_once_and_in_time(
    server: Any, simulated: Simulated, quick_pauses: None, go_wrong: Any
) -> None:
    operation = asked(server(power="running"), "reboot")
    go_wrong()
    assert carry_out(operation).state == "succeeded"
    assert operation.created_at <= operation.started_at <= operation.finished_at < operation.deadline_at
    assert simulated.commands(100) == ["reboot"]


def test_claim_by_a_wrong_clock_takes_nothing_before_it_is_due(server: Any, go_wrong: Any) -> None:
    operation = asked(server(lock="backup"))
    assert advance_once(operation)
    go_wrong()
    assert advance_once(operation) is None
    assert not Operation.objects.claim_watched(operation.vps.placement.cluster_id, "pve1", 50, 8)
    assert operations.overdue() == operations.Sweep()


def test_claim_watched_by_a_wrong_clock_takes_nothing_a_second_time(
    server: Any, real_cluster: Cluster, go_wrong: Any
) -> None:
    asked(server())
    Operation.objects.update(state="running", step="working", node="pve1")
    go_wrong()
    assert len(Operation.objects.claim_watched(real_cluster.pk, "pve1", 50, 8)) == 1
    assert not Operation.objects.claim_watched(real_cluster.pk, "pve1", 50, 8)


def test_watch_by_a_wrong_clock_does_not_send_again_what_may_still_arrive(
    server: Any, simulated: Simulated, real_cluster: Cluster, impatient: None, go_wrong: Any
) -> None:
    """The worker that looked first knows another time than the one that looks next."""
    operation = asked(server(power="running"), "reboot")
    simulated.make_late(30)
    advance_once(operation)
    for _ in range(3):
        Operation.objects.update(due_at=real() - timedelta(seconds=1))
        operations.work(real_cluster.pk)
        operations.watch(real_cluster.pk, "pve1")
        go_wrong()
    operation.refresh_from_db()
    assert (operation.step, operation.attempts) == ("finding", 1)


def test_enforce_by_a_wrong_clock_ends_nothing_before_its_deadline_or_long_after(
    server: Any, go_wrong: Any, alice: Any, make_vps: Any
) -> None:
    operation, young = asked(server(lock="backup")), make_vps(alice, status="creating")
    go_wrong()
    advance_once(operation)
    assert (operations.enforce(), creation.enforce()) == (0, 0)
    Operation.objects.update(deadline_at=real() - timedelta(seconds=11))
    assert operations.enforce() == 1
    young.refresh_from_db()
    assert young.status == "creating"


def test_admit_call_by_a_wrong_clock_lets_nothing_unreachable_be_asked_early(
    real_cluster: Cluster, go_wrong: Any
) -> None:
    real_cluster.record_failure("no route")
    go_wrong()
    assert 8 < retry_in_s(real_cluster.pk, set()) <= 10
    assert not real_cluster.admit_call()
    real_cluster.ask_at_once()
    assert real_cluster.admit_call()


def test_reconcile_by_a_wrong_clock_undoes_no_look_that_is_newer_than_its_list(
    server: Any, simulated: Simulated, real_cluster: Cluster, go_wrong: Any
) -> None:
    """B7: how old a look is goes by the clock that it was written by."""
    vps = server(power="running")
    simulated.call("PATCH", "faults", {"list_lag_seconds": 60})
    simulated.api("GET", "/cluster/resources", type="vm")
    simulated.change(100, power="stopped")
    vps.placement.see(power="stopped", node="pve1")
    Vps.objects.update(status="stopped")
    go_wrong()
    reconcile(real_cluster.pk)
    vps.refresh_from_db()
    assert vps.status == "stopped"
