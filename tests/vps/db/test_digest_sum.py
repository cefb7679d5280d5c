"""The kept digest is that of what is held, whoever has written it, and however many at a time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.conftest import person, waiting
from tests.simulated import wait_for
from tests.vps.api.commands import batch, create, delete, results, update
from tests.vps.conftest import at_once
from tests.vps.db.digest_sums import held, parts, spoil
from vps.db.digest_sum import check, digest_sum, fold, is_check_due
from vps.models import ExternalId, Vps

NAMED = {"external_id": "17"}
REFUSED = {"cpu": 0}


def run(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def overlapping(first: Callable[[], object], second: Callable[[], Any]) -> Any:
    """What the second gives, which waits for a lock of the first's transaction: that ends only then."""

    def with_own_connection() -> Any:
        try:
            return second()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            later = pool.submit(with_own_connection)
            wait_for(lambda: waiting() or later.done(), what="the second waits")
        return later.result()


def test_digest_sum_is_that_of_what_is_held_after_all_that_the_main_site_does(alice: Any, bob: Any) -> None:
    """C2: one call after the other, on what the calls before have left."""
    calls: list[tuple[str, list[Any], list[str]]] = [
        ("a create", [create(alice)], ["success"]),
        ("a create under an external id", [create(alice, **NAMED, name="Сервер №1")], ["success"]),
        ("the same again", [create(alice, **NAMED)], ["success"]),
        ("an update", [update(**NAMED, status="running", cpu=8)], ["success"]),
        ("what changes nothing of the line", [update(**NAMED, status="stopped")], ["success"]),
        ("another owner", [update(**NAMED, user_id=bob.pk)], ["success"]),
        (
            "a partial batch",
            [create(alice, external_id="18"), create(alice, external_id="19", **REFUSED), update(**NAMED, ram=1024)],
            ["success", "invalid", "success"],
        ),
        ("a claim that is freed", [create(alice, external_id="19", user_id=999)], ["unknown_user"]),
        ("made and deleted at once", [create(alice, external_id="20"), delete(external_id="20")], ["success"] * 2),
        ("a delete", [delete(external_id="18")], ["success"]),
        ("a delete again", [delete(external_id="18")], ["success"]),
        ("a create of what is deleted", [create(alice, external_id="18")], ["vps_deleted"]),
        ("many", [create(alice, external_id=f"many-{at}") for at in range(50)], ["success"] * 50),
        ("many that change", [update(external_id=f"many-{at}", disk=7) for at in range(50)], ["success"] * 50),
    ]
    for what, commands, codes in calls:
        assert results(batch(*commands)) == codes, what
        assert digest_sum() == held(), what
    assert digest_sum()[0] == 52


def test_digest_sum_is_that_of_what_is_held_after_an_external_id_is_given_to_a_vps(alice: Any, make_vps: Any) -> None:
    vps, other = make_vps(alice), make_vps(alice)
    given = batch(update(id=vps.pk, external_id="17", cpu=3), update(id=other.pk, external_id="18"))
    assert results(given) == ["success", "success"]
    assert digest_sum() == held()
    assert ExternalId.objects.count() == 2


def test_digest_sum_is_that_of_what_is_held_after_an_atomic_batch_that_fails(alice: Any) -> None:
    batch(create(alice, **NAMED))
    before = digest_sum()
    failing = [create(alice, external_id="18"), update(**NAMED, cpu=8), create(alice, **REFUSED)]
    assert batch(*failing, atomic=True).json()["status"] == "error"
    assert digest_sum() == held() == before


IN_ONE_STATEMENT = """
    WITH named AS (INSERT INTO external_ids (external_id, vps_id) SELECT '22', 4000 UNION ALL SELECT '23', max(id) FROM vps)
    INSERT INTO vps (id, name, status, cpu, ram, disk, os, user_id, hypervisor)
    SELECT 4000, name, status, cpu, ram, disk, os, user_id, hypervisor FROM vps WHERE id = %s
"""
WRITES: dict[str, Callable[[Vps], object]] = {
    "what reconcile has seen": lambda vps: Vps.objects.observed([vps.pk], "stopped"),
    "staff's edit": lambda vps: Vps.objects.filter(pk=vps.pk).update(name="renamed", os="Debian 13"),
    "a server and its external id in one statement, and one for another": lambda vps: run(IN_ONE_STATEMENT, vps.pk),
    "an id that changes": lambda vps: Vps.objects.filter(pk=vps.pk).update(id=vps.pk + 1000),
    "a deletion": lambda vps: vps.delete(),
    "all that are deleted": lambda vps: Vps.objects.all().delete(),
    "none that is changed": lambda vps: Vps.objects.filter(pk=0).update(cpu=9),
    "none that is deleted": lambda vps: Vps.objects.filter(pk=0).delete(),
    "an external id that is gone": lambda vps: ExternalId.objects.all().delete(),
    "an external id that changes": lambda vps: ExternalId.objects.filter(vps_id=vps.pk).update(external_id="21"),
    "an external id of a VPS that is not there": lambda vps: ExternalId.objects.create(external_id="x", vps_id=0),
    "an external id that passes to nothing": lambda vps: ExternalId.objects.filter(vps_id=vps.pk).update(vps_id=0),
    "all external ids, emptied": lambda vps: run("TRUNCATE external_ids"),
    "all servers, emptied": lambda vps: run("TRUNCATE vps CASCADE"),
    "the sum itself, emptied": lambda vps: run("TRUNCATE digest_parts"),
}


@pytest.mark.parametrize("what", WRITES)
def test_digest_sum_is_that_of_what_is_held_after_any_other_write(
    alice: Any, make_vps: Any, transactional_db: None, what: str
) -> None:
    named = make_vps(alice)
    make_vps(alice, name="таб\tи\\n", status="error")
    ExternalId.objects.create(external_id="17", vps_id=named.pk)
    assert digest_sum() == held()
    WRITES[what](named)
    assert digest_sum() == held()


def test_digest_sum_goes_back_with_what_is_rolled_back(alice: Any, make_vps: Any) -> None:
    vps = make_vps(alice)
    before, kept = digest_sum(), parts()
    with transaction.atomic():
        Vps.objects.filter(pk=vps.pk).update(cpu=9)
        make_vps(alice)
        assert digest_sum() == held() != before
        transaction.set_rollback(True)
    assert (digest_sum(), parts()) == (before, kept)


def test_digest_sum_costs_a_row_a_statement_and_none_where_no_line_changes(alice: Any) -> None:
    def added(*commands: Any) -> int:
        before = parts()
        assert "error" not in results(batch(*commands))
        return parts() - before

    names = [str(at) for at in range(20)]
    assert added(*(create(alice, external_id=name) for name in names)) == 1
    assert added(*(update(external_id=name, status="running") for name in names)) == 1
    assert added(*(update(external_id=name, status="stopped", ip_address="192.0.2.1") for name in names)) == 0
    assert added(*(delete(external_id=name) for name in names)) == 1


def test_digest_sum_of_all_is_read_by_one_statement(alice: Any, make_vps: Any) -> None:
    make_vps(alice)
    with CaptureQueriesContext(connection) as queries:
        digest_sum()
    assert len(queries) == 1


READ = """
    SELECT sum(seq_tup_read)::int FROM pg_stat_xact_user_tables WHERE relname IN ('vps', 'external_ids')
"""


def test_digest_sum_of_many_is_counted_by_indexes_though_the_tables_were_small_before(alice: Any) -> None:
    """A function's plans are kept: those that read a whole table are good as long as that is a few rows."""

    def read() -> int:
        with connection.cursor() as cursor:
            cursor.execute(READ)
            return int(cursor.fetchone()[0])

    batch(create(alice, external_id="first"))
    run("ANALYZE vps, external_ids")
    names = [str(at) for at in range(400)]
    for few in (["second"], names):
        before = read()
        batch(*(create(alice, external_id=name) for name in few))
        batch(*(update(external_id=name, cpu=8) for name in few))
        batch(*(delete(external_id=name) for name in few))
    assert read() - before < 20 * len(names)


# Several at a time


@pytest.mark.django_db(transaction=True)
def test_digest_sum_holds_up_no_transaction_of_another_vps(make_vps: Any) -> None:
    first, second = (make_vps(person(name)) for name in ("alice", "bob"))
    with transaction.atomic():
        Vps.objects.filter(pk=first.pk).update(cpu=9)
        [seen] = at_once(lambda: (Vps.objects.filter(pk=second.pk).update(cpu=8), fold(), digest_sum() == held()))
    assert seen == (1, None, True), "and it shows what is committed"
    assert digest_sum() == held()


NAME = "INSERT INTO external_ids (external_id, vps_id) VALUES ('17', %s)"
GROW = "UPDATE vps SET cpu = 9 WHERE id = %s"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("first", "second"), [(NAME, GROW), (GROW, NAME)], ids=["name first", "size first"])
def test_digest_sum_counts_a_name_and_a_change_that_come_together(make_vps: Any, first: str, second: str) -> None:
    """Whoever comes second begins with the line that the first has left."""
    vps = make_vps(person("alice"))
    overlapping(lambda: run(first, vps.pk), lambda: run(second, vps.pk))
    assert Vps.objects.with_external_id().get().row()["external_id"] == "17"
    assert digest_sum() == held()


# What is folded, and checked


@pytest.mark.django_db(transaction=True)
def test_fold_leaves_one_row_with_the_same_sum(make_vps: Any) -> None:
    alice = person("alice")
    for _ in range(3):
        make_vps(alice)
    assert parts() == 4
    at_once(fold, fold)
    assert (parts(), digest_sum()) == (1, held())
    fold()
    Vps.objects.all().delete()
    fold()
    assert (parts(), digest_sum()) == (1, held())


@pytest.mark.django_db(transaction=True)
def test_check_puts_right_what_is_wrong_and_logs_it(make_vps: Any, caplog: Any) -> None:
    make_vps(person("alice"))
    assert check()
    assert "digest" not in caplog.text
    spoil()
    assert not check()
    assert "lacked -1 servers, and -17 of its sum" in caplog.text
    assert digest_sum() == held()
    assert check()


@pytest.mark.django_db(transaction=True)
def test_check_that_waits_for_a_fold_counts_nothing_twice(make_vps: Any) -> None:
    make_vps(person("alice"))
    spoil()
    assert not overlapping(fold, check)
    assert (parts(), digest_sum()) == (1, held())


@pytest.mark.django_db(transaction=True)
def test_check_is_left_to_whoever_is_at_it(make_vps: Any) -> None:
    """Two who have seen the same would both put it right."""
    make_vps(person("alice"))
    spoil()
    one_of_two = overlapping(lambda: run("SELECT FROM digest_parts FOR UPDATE"), lambda: at_once(check, check))
    assert sorted(one_of_two) == [False, True]
    assert digest_sum() == held()


def test_check_is_due_a_day_after_the_last_one(db: None) -> None:
    assert not is_check_due()
    run("UPDATE digest_parts SET checked_at = now() - interval '25 hours'")
    assert is_check_due()
    check()
    assert not is_check_due()
