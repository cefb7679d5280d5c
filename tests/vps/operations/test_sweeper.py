"""The process that brings back what was left lying: it rings, does itself what nobody does, and outlives its database."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import mails
from accounts.models import Mail
from tests.simulated import Cluster as Simulated
from tests.simulated import wait_for
from tests.vps.conftest import at_once, bells
from tests.vps.db.digest_sums import held, parts, spoil
from vps import notify, operations
from vps.db import digest_sum
from vps.db.locks import slot
from vps.management.commands.sweeper import Sweeper
from vps.models import Cluster, Operation, Suspension, Vps

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def make_sweeper() -> Iterator[Callable[[], Sweeper]]:
    """Its workers' database connections are closed at the end: they would outlive the test."""
    wait_for(notify.redis_check.ask, what="Redis")
    made: list[Sweeper] = []

    def make() -> Sweeper:
        made.append(Sweeper())
        return made[-1]

    yield make
    for sweeper in made:
        send_home(sweeper)


def send_home(sweeper: Sweeper) -> None:
    """Each worker closes its own connection, once."""
    at_rest(sweeper)
    workers = list(sweeper.workers._threads)
    together = threading.Barrier(len(workers) or 1)
    for _ in workers:
        sweeper.workers.submit(lambda: together.wait(100) or connection.close())
    sweeper.workers.shutdown()


def at_rest(sweeper: Sweeper) -> None:
    wait_for(lambda: all(future.done() for future in sweeper.at_work.values()), 20)


def left_lying(vps: Vps, seconds: float, **columns: Any) -> Operation:
    operation = operations.request(vps, "start", by=None, source="page")
    Operation.objects.filter(pk=operation.pk).update(due_at=timezone.now() - timedelta(seconds=seconds), **columns)
    bells()
    return operation


def test_sweep_rings_for_what_is_overdue_and_for_nothing_else(
    server: Any, real_cluster: Cluster, make_sweeper: Any
) -> None:
    sweeper = make_sweeper()
    left_lying(server(vmid=100), seconds=0)
    sweeper.sweep()
    assert bells() == []
    left_lying(server(vmid=101), seconds=4)
    left_lying(server(vmid=102), seconds=4, state="running", step="locked", node="pve2")
    sweeper.sweep()
    assert sorted(bells()) == [("vps.watch", real_cluster.pk, "pve2"), ("vps.work", real_cluster.pk)]
    assert sweeper.at_work == {}


def test_sweep_leaves_alone_what_waits_behind_as_many_as_may_give_commands(
    server: Any, real_cluster: Cluster, make_sweeper: Any
) -> None:
    """They come to it: to ring again would wake somebody for nothing, and to do it would be one too many."""
    left_lying(server(vmid=101), seconds=operations.NEGLECTED_S + 1)
    left_lying(server(vmid=102), seconds=operations.OVERDUE_S + 1, state="running", step="locked", node="pve2")
    sweeper = make_sweeper()
    with slot(real_cluster.pk, [0]), slot(real_cluster.pk, [1]):
        with slot(real_cluster.pk, [2]):
            sweeper.round()
            assert (bells(), sweeper.at_work) == ([("vps.watch", real_cluster.pk, "pve2")], {})
        assert operations.overdue().work == {real_cluster.pk}, "whoever has left may have left it to nobody"


def test_sweep_does_itself_what_nobody_answers_for(
    server: Any, simulated: Simulated, make_sweeper: Any, quick_pauses: None
) -> None:
    operation, sweeper = left_lying(server(), seconds=8), make_sweeper()

    def is_over() -> bool:
        Operation.objects.open().update(due_at=timezone.now() - timedelta(seconds=8))
        sweeper.sweep()
        at_rest(sweeper)
        operation.refresh_from_db()
        return not operation.is_open

    wait_for(is_over)
    assert (operation.state, simulated.commands(100)) == ("succeeded", ["start"])


def test_sweep_does_the_work_at_once_while_redis_is_unreachable(
    server: Any, simulated: Simulated, make_sweeper: Any
) -> None:
    """Nobody has neglected a bell yet: none can be rung."""
    left_lying(server(), seconds=operations.OVERDUE_S + 1)
    sweeper = make_sweeper()
    notify.redis_check.skip_until = time.monotonic() + 60
    sweeper.sweep()
    at_rest(sweeper)
    assert simulated.commands(100) == ["start"]


def test_sweep_reconciles_a_cluster_that_nobody_looks_at(
    server: Any, simulated: Simulated, real_cluster: Cluster, make_sweeper: Any
) -> None:
    """As while Redis is away, when no worker hears the clock: else all would be unknown soon, and nothing could be asked."""
    sweeper = make_sweeper()
    vps = server(power="running")
    simulated.change(100, power="stopped")
    sweeper.sweep()
    at_rest(sweeper)
    assert Vps.objects.get(pk=vps.pk).status == "running", "it was heard just now"
    Cluster.objects.update(seen_at=timezone.now() - timedelta(seconds=26))
    sweeper.sweep()
    at_rest(sweeper)
    assert Vps.objects.get(pk=vps.pk).status == "stopped"


def test_sweep_enforces_a_suspension_that_nobody_sees_to(server: Any, simulated: Simulated, make_sweeper: Any) -> None:
    sweeper, vps = make_sweeper(), server(power="running")
    Vps.objects.update(status="suspended")
    Suspension.objects.create(vps=vps, power="stop")
    sweeper.sweep()
    at_rest(sweeper)
    assert not Operation.objects.exists(), "its time has just come"
    Suspension.objects.update(next_try_at=timezone.now() - timedelta(seconds=31))
    sweeper.sweep()
    at_rest(sweeper)
    assert Operation.objects.get().kind == "stop"


def test_sweep_waits_for_no_bell_where_one_was_not_answered(
    server: Any, real_cluster: Cluster, simulated: Simulated, make_sweeper: Any
) -> None:
    """What is done at once rings for what follows, so it is held up until the bells were counted."""
    left_lying(server(), operations.NEGLECTED_S + 1)
    sweeper = make_sweeper()
    sweeper.sweep()
    at_rest(sweeper)
    Operation.objects.update(due_at=timezone.now() - timedelta(seconds=operations.OVERDUE_S + 1))
    simulated.hang("pve1", 60)
    bells()
    sweeper.sweep()
    assert bells() == []
    assert sweeper.at_work, "it is done at once"
    simulated.hang("pve1", 0)


def test_sweep_of_two_sweepers_sends_one_command(server: Any, simulated: Simulated, make_sweeper: Any) -> None:
    left_lying(server(), seconds=8)
    sweepers = [make_sweeper() for _ in range(2)]
    at_once(*[sweeper.sweep for sweeper in sweepers])
    for sweeper in sweepers:
        at_rest(sweeper)
    assert any(sweeper.at_work for sweeper in sweepers)
    assert simulated.commands(100) == ["start"]


def test_sweep_goes_on_while_a_cluster_that_hangs_holds_one_worker(
    server: Any, simulated: Simulated, make_sweeper: Any, impatient: None, caplog: Any
) -> None:
    operation, sweeper = left_lying(server(), seconds=8), make_sweeper()
    left_lying(server(vmid=102), seconds=8)
    simulated.ail(simulated.simulator.tls, silent=True)
    for _ in range(3):
        sweeper.sweep()
    assert caplog.text.count("is done here") == 1
    late = timezone.now() - timedelta(seconds=11)
    other = left_lying(server(vmid=101), seconds=0, deadline_at=late)
    sweeper.sweep()
    assert Operation.objects.get(pk=other.pk).state == "failed"
    assert Operation.objects.get(pk=operation.pk).is_open


def test_sweep_outlives_its_database(server: Any, simulated: Simulated, make_sweeper: Any, caplog: Any) -> None:
    """The table is taken away from under a round, which then loses its connection in the middle of a query."""
    left_lying(server(), seconds=4)
    sweeper = make_sweeper()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE operations")

    def cut() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            return len(cursor.fetchall()) > 0

    results = at_once(sweeper.sweep, lambda: wait_for(cut))
    with connection.cursor() as cursor:
        cursor.execute("ROLLBACK")
    assert results == [None, True]
    assert "so this round is lost" in caplog.text
    Operation.objects.update(due_at=timezone.now() - timedelta(seconds=4))
    sweeper.sweep()
    assert [bell[0] for bell in bells()] == ["vps.work"]


def test_sweeper_logs_the_failure_of_a_worker(make_sweeper: Any, caplog: Any) -> None:
    def stumble() -> None:
        raise ValueError("a bug of ours")

    sweeper = make_sweeper()
    sweeper.start(stumble)
    at_rest(sweeper)
    assert "a bug of ours" in caplog.text


def test_sweep_sends_mails_that_nobody_sends(alice: Any, make_sweeper: Any, settings: Any) -> None:
    """As while Redis is away: no bell is rung, and no clock."""
    settings.MAILS_ARE_ON = True
    settings.MAIL_FROM = "no-reply@example.com"
    asked = Mail.objects.create(purpose="password_changed", user=alice)
    sweeper = make_sweeper()
    sweeper.sweep()
    at_rest(sweeper)
    assert mail.outbox == [], "a worker may be about to"
    Mail.objects.update(due_at=timezone.now() - timedelta(seconds=mails.NEGLECTED_S + 1))
    sweeper.sweep()
    at_rest(sweeper)
    asked.refresh_from_db()
    assert asked.sent_at
    assert len(mail.outbox) == 1


def test_sweep_sends_mails_at_once_while_redis_is_unreachable(alice: Any, make_sweeper: Any, settings: Any) -> None:
    settings.MAILS_ARE_ON = True
    settings.MAIL_FROM = "no-reply@example.com"
    Mail.objects.create(purpose="password_changed", user=alice)
    sweeper = make_sweeper()
    notify.redis_check.skip_until = time.monotonic() + 60
    sweeper.sweep()
    at_rest(sweeper)
    assert len(mail.outbox) == 1


def test_sweep_folds_what_has_come_to_the_digest_once_that_is_much(
    alice: Any, make_vps: Any, make_sweeper: Any
) -> None:
    sweeper = make_sweeper()
    for _ in range(digest_sum.FEW - 1):
        make_vps(alice)
    sweeper.sweep()
    assert parts() == digest_sum.FEW, "the base is one of them"
    make_vps(alice)
    sweeper.sweep()
    assert parts() == 1


def test_sweep_checks_the_digest_once_a_day(alice: Any, make_vps: Any, make_sweeper: Any, caplog: Any) -> None:
    make_vps(alice)
    spoil()
    sweeper = make_sweeper()
    sweeper.sweep()
    assert digest_sum.digest_sum() != held()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE digest_parts SET checked_at = now() - interval '25 hours'")
    for _ in range(2):
        sweeper.sweep()
        at_rest(sweeper)
    assert digest_sum.digest_sum() == held()
    assert caplog.text.count("has been put right") == 1
    assert "is done here" not in caplog.text


def test_sweep_that_finds_nothing_late_asks_the_database_once(
    server: Any, real_cluster: Cluster, make_sweeper: Any
) -> None:
    server(power="running")
    sweeper = make_sweeper()
    sweeper.sweep()
    with CaptureQueriesContext(connection) as queries:
        sweeper.sweep()
    assert len([query for query in queries.captured_queries if query["sql"] != "SELECT 1"]) == 1, queries


def test_suspensions_are_enforced_by_one_query_where_there_are_none(db: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert operations.enforce_suspensions() == 0
    assert len(queries) == 1
