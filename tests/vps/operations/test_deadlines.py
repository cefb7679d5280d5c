"""Everything ends, and says why: operations at their deadlines, workers that hang or are killed, servers never created."""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import Error as DatabaseError
from django.utils import timezone, translation

from tests.seams import Shorten
from tests.simulated import PATIENCE, wait_for
from tests.simulated import Cluster as Simulated
from tests.verbs import power_before
from tests.vps.conftest import advance_once, at_once, carry_out
from vps import operations
from vps.db.locks import OPERATIONS_OF_VPS, break_locks, held
from vps.db.locks import try_lock as lock
from vps.models import Cluster, Event, Operation, Vps
from vps.models.failures import UNKNOWN
from vps.operations.verbs import VERBS
from vps.services import creation

apart = pytest.mark.django_db(transaction=True)


def now_due(**columns: Any) -> None:
    Operation.objects.open().update(due_at=timezone.now(), **columns)


def asked(vps: Vps, kind: str) -> Operation:
    return operations.request(vps, kind, by=None, source="page")


# At the deadline


def refuse(simulated: Simulated) -> None:
    simulated.ail(simulated.simulator.tls, refuse=True)


def nothing(simulated: Simulated) -> None:
    """The guest is trouble enough."""


def code_at_the_end(operation: Operation, steps: int = 2) -> str:
    """So many steps, and then its time is over."""
    for _ in range(steps):
        advance_once(operation)
        now_due()
    now_due(deadline_at=timezone.now())
    advance_once(operation)
    operation.refresh_from_db()
    assert operation.state == "failed"
    return operation.error_code


@pytest.mark.parametrize("kind", VERBS)
@pytest.mark.parametrize(
    ("facts", "trouble", "code"),
    [
        ({}, refuse, "hypervisor_unavailable"),
        ({"lock": "backup"}, nothing, "vps_busy"),
        ({"never_ends": True}, nothing, "timed_out"),
    ],
)
def test_advance_at_the_deadline_fails_what_cannot_be_done_and_says_why(
    server: Any, simulated: Simulated, kind: str, facts: dict[str, Any], trouble: Callable[..., None], code: str
) -> None:
    vps = server(power=power_before(kind), **facts)
    trouble(simulated)
    operation = asked(vps, kind)
    assert code_at_the_end(operation) == code
    sentences = set()
    for language in ("en", "ru"):
        with translation.override(language):
            sentences |= {str(operation.failure), str(UNKNOWN.sentence)}
    assert len(sentences) == 4
    assert Event.objects.get(type="operation.failed").data == {"kind": VERBS[kind].kind, "code": code}


def test_reboot_at_the_deadline_says_that_its_guest_did_not_come_back(server: Any, simulated: Simulated) -> None:
    operation = asked(server(power="running", fail_start=True, shutdown_seconds=0.1), "reboot")
    advance_once(operation)
    wait_for(lambda: simulated.guest(100)["power"] == "stopped")
    now_due()
    assert code_at_the_end(operation) == "did_not_come_back"


@pytest.mark.parametrize("kind", VERBS)
def test_advance_at_the_deadline_says_outcome_unknown_of_what_was_perhaps_sent(
    server: Any, simulated: Simulated, kind: str
) -> None:
    simulated.call("PATCH", "faults", {"lose_answers": 1})
    operation = asked(server(power=power_before(kind)), kind)
    advance_once(operation)
    refuse(simulated)
    now_due()
    assert code_at_the_end(operation) == "outcome_unknown"


# Workers that are paused


@contextmanager
def elsewhere(hold: Callable[[], Generator[Any]]) -> Iterator[Callable[[], list[Any]]]:
    """`hold` runs in another connection up to its yield, and on from there when what this gives is called."""
    begun, released, ends = threading.Event(), threading.Event(), []

    def run() -> None:
        try:
            with closing(hold()) as steps:
                next(steps)
                begun.set()
                released.wait(20 * PATIENCE)
                ends.append(next(steps, None))
        except DatabaseError as error:
            ends.append(error)
        finally:
            begun.set()
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait(10 * PATIENCE)

    def end() -> list[Any]:
        released.set()
        thread.join(20 * PATIENCE)
        return ends

    try:
        yield end
    finally:
        end()


@apart
def test_enforce_ends_without_it_what_a_paused_worker_has_claimed(
    server: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    operation = asked(vps := server(power="running"), "reboot")

    def paused() -> Generator[Any]:
        with lock(OPERATIONS_OF_VPS, vps.pk):
            mine = Operation.objects.claim(operation.pk)
            yield
            yield mine.write(state="succeeded", finished_at=timezone.now())

    with elsewhere(paused) as go_on:
        operations.work(real_cluster.pk)
        now_due(deadline_at=timezone.now() - timedelta(seconds=9))
        assert operations.enforce() == 0
        now_due(deadline_at=timezone.now() - timedelta(seconds=11))
        assert operations.enforce() == 1
        assert go_on() == [False]
    operation.refresh_from_db()
    assert (operation.state, operation.error_code) == ("failed", "timed_out")
    assert operations.enforce() == 0
    assert Event.objects.filter(type="operation.failed").count() == 1
    assert simulated.commands(100) == []


@apart
def test_enforce_ends_the_others_while_one_worker_is_paused_as_it_writes(server: Any) -> None:
    vpses = [server(vmid=vmid) for vmid in (100, 101)]
    starts = [asked(vps, "start") for vps in vpses]
    now_due(deadline_at=timezone.now() - timedelta(seconds=11))

    def paused() -> Generator[Any]:
        with transaction.atomic():
            Vps.objects.locked_one(vpses[0].pk)
            yield

    with elsewhere(paused):
        (ended,) = at_once(operations.enforce)
    assert ended == 1
    assert Operation.objects.get(pk=starts[0].pk).is_open
    assert operations.enforce() == 1


@apart
@pytest.mark.parametrize("is_writing", [False, True])
def test_break_locks_takes_the_lock_of_a_paused_worker_whose_queries_then_fail(is_writing: bool) -> None:
    def paused() -> Generator[Any]:
        with lock(OPERATIONS_OF_VPS, 7) as is_mine:
            assert is_mine
            if is_writing:
                connection.set_autocommit(False)
                Operation.objects.exists()
            yield
            yield Operation.objects.exists()

    with elsewhere(paused) as go_on:
        assert break_locks(30) == 0
        assert held(OPERATIONS_OF_VPS) == [7]
        time.sleep(0.2)
        assert break_locks(0.1) == 1
        wait_for(lambda: held(OPERATIONS_OF_VPS) == [])
        (answer,) = go_on()
        assert isinstance(answer, DatabaseError)


@apart
def test_enforce_breaks_the_lock_of_a_worker_that_is_paused(shorten: Shorten) -> None:
    shorten(idle_lock_s=0.1)

    def paused() -> Generator[Any]:
        with lock(OPERATIONS_OF_VPS, 7) as is_mine:
            yield is_mine

    with elsewhere(paused):
        time.sleep(0.2)
        operations.enforce()
        wait_for(lambda: held(OPERATIONS_OF_VPS) == [])


@apart
def test_break_locks_leaves_the_lock_of_a_worker_that_is_at_work() -> None:
    is_over = threading.Event()

    def busy() -> bool:
        with lock(OPERATIONS_OF_VPS, 7) as is_mine:
            while not is_over.wait(0.05):
                Operation.objects.exists()
            return is_mine

    def breaker() -> int:
        time.sleep(4)
        try:
            return break_locks(3)
        finally:
            is_over.set()

    assert at_once(busy, breaker) == [True, 0]


@apart
def test_advance_leaves_an_operation_to_whoever_holds_the_lock_of_its_server(server: Any, simulated: Simulated) -> None:
    """By the lock alone: the row says that it is due."""
    operation = asked(server(), "start")

    def paused() -> Generator[Any]:
        with lock(OPERATIONS_OF_VPS, operation.vps_id) as is_mine:
            assert is_mine
            yield

    with elsewhere(paused):
        assert advance_once(operation) is None
        assert Operation.objects.get(pk=operation.pk).claims == 0
    assert advance_once(operation) is not None


@apart
def test_claim_keeps_its_row_locked_until_its_fence_was_read(server: Any) -> None:
    """Read later, it might be that of the next claim: two would share it. What is read with it waits for a table here."""
    operation = asked(server(), "start")

    def is_locked() -> bool:
        with transaction.atomic():
            return not Operation.objects.filter(pk=operation.pk).select_for_update(skip_locked=True)

    def let_it_read_once_it_has_locked() -> None:
        try:
            wait_for(is_locked, 1, what="the claim of the row")
        finally:
            other.rollback()

    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("LOCK TABLE placements IN ACCESS EXCLUSIVE MODE")
        claimed, why = at_once(lambda: Operation.objects.claim(operation.pk), let_it_read_once_it_has_locked)
    assert (claimed.fence, why) == (operation.fence + 1, None)


# Workers that are killed


def claimed_in_vain(operation: Operation, times: int) -> None:
    for _ in range(times):
        assert Operation.objects.claim(operation.pk)


def test_work_fails_alone_the_operation_that_kills_five_workers(
    server: Any, simulated: Simulated, real_cluster: Cluster, quick_pauses: None
) -> None:
    poison, sound = (asked(server(vmid=vmid), "start") for vmid in (100, 101))
    claimed_in_vain(poison, times=4)
    claimed_in_vain(sound, times=4)
    claimed_in_vain(poison, times=1)
    operations.work(real_cluster.pk)
    poison.refresh_from_db()
    assert (poison.state, poison.error_code) == ("failed", "too_many_tries")
    assert simulated.commands(100) == []
    assert carry_out(sound).state == "succeeded"


def test_claim_watched_takes_alone_the_operation_that_has_killed_a_worker(
    server: Any, simulated: Simulated, real_cluster: Cluster
) -> None:
    starts = [asked(server(vmid=vmid, lock="backup"), "start") for vmid in (100, 101, 102)]
    operations.work(real_cluster.pk)
    now_due()
    Operation.objects.filter(pk=starts[1].pk).update(claims=1)

    def watched() -> list[int]:
        taken = Operation.objects.claim_watched(real_cluster.pk, "pve1", 100, 8)
        return [operation.pk for operation in taken]

    assert watched() == [starts[0].pk, starts[2].pk]
    assert watched() == [starts[1].pk]
    assert watched() == [], "all of them are claimed"
    now_due()
    assert [len(watched()) for _ in range(4)] == [1, 1, 1, 0], "a round that came to nothing leaves suspects"
    now_due()
    Operation.objects.filter(pk=starts[1].pk).update(claims=5)
    for _ in starts:
        operations.watch(real_cluster.pk, "pve1")
    ends = Operation.objects.order_by("pk").values_list("state", "error_code")
    assert list(ends) == [("running", ""), ("failed", "too_many_tries"), ("running", "")]


# Servers that are not created


@pytest.fixture
def being_created(alice: Any, make_vps: Any) -> Callable[..., Vps]:
    def make(minutes_ago: int, status: str = "creating") -> Vps:
        vps: Vps = make_vps(alice, status=status)
        Vps.objects.filter(pk=vps.pk).update(updated_at=timezone.now() - timedelta(minutes=minutes_ago))
        return vps

    return make


def test_creation_enforce_puts_what_was_not_created_in_time_in_error_until_the_main_site_updates_it(
    being_created: Any, main_site: Any
) -> None:
    vps, young = being_created(61), being_created(59)
    others = [being_created(61, status) for status in ("running", "stopped", "suspended")]
    assert (creation.enforce(), creation.enforce()) == (1, 0)
    event = Event.objects.get()
    assert (event.type, event.vps_id) == ("vps.status_changed", vps.pk)
    assert event.data == {"was": "creating", "status": "error", "code": "creating_timed_out"}
    found = Vps.objects.in_bulk()
    assert found[vps.pk].status == "error"
    assert [found[other.pk].status for other in (young, *others)] == ["creating", "running", "stopped", "suspended"]
    answer = main_site("update", id=vps.pk, status="running")
    assert (answer.status_code, answer.json()["vps"]["status"]) == (200, "running")


@apart
def test_creation_enforce_leaves_a_server_that_is_being_written_to_the_next_round(being_created: Any) -> None:
    vpses = [being_created(61), being_created(61)]

    def paused() -> Generator[Any]:
        with transaction.atomic():
            Vps.objects.locked_one(vpses[0].pk)
            yield

    with elsewhere(paused):
        assert at_once(creation.enforce) == [1]
    assert creation.enforce() == 1
