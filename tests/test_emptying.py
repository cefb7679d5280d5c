"""A test that commits leaves to the next what a new database has, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction

from tests import emptying
from tests.conftest import person, waiting
from tests.simulated import wait_for
from tests.vps.db.digest_sums import held
from vps.db.digest_sum import digest_sum

pytestmark = pytest.mark.skipif(not emptying.is_ours(), reason="Django empties a server that is not ours")


def left() -> set[str]:
    """The tables that have rows."""
    return {name for name, _ in emptying.filled(connection.introspection.table_names())}


@pytest.fixture
def left_before(transactional_db: None) -> set[str]:
    return left()


def test_empty_leaves_no_row_of_tables_that_refer_to_each_other(
    left_before: set[str], alice: Any, carol: Any, make_vps: Any, bind: Any, as_user: Any
) -> None:
    carol.user_permissions.set(Permission.objects.all())
    as_user(alice)
    bind(make_vps(alice))
    assert left() > left_before
    assert emptying.quickly(emptying.count_kept())
    assert left() == left_before == {*emptying.KEPT, "digest_parts", "django_migrations"}
    assert digest_sum() == held() == (0, "0" * 32)


def test_empty_makes_permissions_anew_where_they_are_not_as_before(transactional_db: None) -> None:
    before = set(Permission.objects.values_list("codename", flat=True))
    rows = emptying.count_kept()
    Permission.objects.filter(codename="view_vps").delete()
    emptying.empty(rows)
    assert set(Permission.objects.values_list("codename", flat=True)) == before


def test_empty_waits_for_whoever_is_still_writing(transactional_db: None) -> None:
    has_written, may_end = Event(), Event()

    def write() -> None:
        try:
            with transaction.atomic():
                person("late")
                has_written.set()
                may_end.wait(100)
        finally:
            connection.close()

    def empty() -> None:
        try:
            emptying.empty(emptying.count_kept())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(write)
        has_written.wait(100)
        emptied = pool.submit(empty)
        try:
            wait_for(lambda: waiting() or emptied.done(), what="it waits")
        finally:
            may_end.set()
        writing.result()
        emptied.result()
    assert "users" not in left()


def test_empty_leaves_no_page_of_what_has_become_large(
    left_before: set[str], alice: Any, make_vps: Any, bind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emptying, "LARGE", 0)
    bind(make_vps(alice))
    assert emptying.quickly(emptying.count_kept())
    assert left() == left_before
    assert emptying.rows("SELECT pg_relation_size('users') + pg_relation_size('placements')") == [(0,)]
    assert digest_sum() == held()
