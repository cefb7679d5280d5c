"""Who is told of an end, once and by name, and what of it is news no more."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.conftest import person
from vps import operations
from vps.models import Notice, Operation, Vps
from vps.models.vps import has_unseen_failure
from vps.operations.finish import fail
from vps.operations.sweep import enforce
from vps.services import binding

Notices = list[tuple[str, str, str]]


@pytest.fixture
def shop(alice: Any, make_vps: Any, bind: Any) -> Vps:
    vps: Vps = make_vps(alice)
    bind(vps)
    return vps


def ask(vps: Vps, name: str = "reboot", *, by: Any, source: str = "page") -> Operation:
    return operations.request(vps, name, by=by, source=source)


def end(operation: Operation, code: str = "") -> bool:
    failed = {"error_code": code} if code else {}
    return operation.end("failed" if code else "succeeded", **failed)


def notices(**which: Any) -> Notices:
    """To whom, how it ended, and of what."""
    rows = Notice.objects.filter(**which).order_by("id")
    return [(one.user.username, one.outcome, one.vps_name) for one in rows.select_related("user")]


@pytest.mark.parametrize(
    ("by", "source", "code", "readers"),
    [
        ("alice", "page", "", {"alice": "done"}),
        ("alice", "page", "timed_out", {"alice": "failed"}),
        ("alice", "page", "superseded", {"alice": "overtaken"}),
        ("carol", "admin", "", {"carol": "done"}),
        ("carol", "admin", "timed_out", {"alice": "failed", "carol": "failed"}),
        ("carol", "admin", "superseded", {"carol": "overtaken"}),
        # A program has its answer, and the main site shows its own.
        ("alice", "api", "", {}),
        ("alice", "api", "superseded", {}),
        ("alice", "api", "timed_out", {"alice": "failed"}),
        ("alice", "sync", "", {}),
        (None, "sync", "timed_out", {"alice": "failed"}),
        # Nobody started what the panel asks for by itself.
        (None, "system", "timed_out", {}),
        (None, "system", "", {}),
    ],
)
def test_end_tells_whoever_asked_and_of_a_failure_the_owner(
    shop: Vps, alice: Any, carol: Any, by: str | None, source: str, code: str, readers: dict[str, str]
) -> None:
    person_of = {"alice": alice, "carol": carol, None: None}
    operation = ask(shop, "start", by=person_of[by], source=source)
    assert end(operation, code)
    assert {name: outcome for name, outcome, _ in notices()} == readers
    assert {one.operation_id for one in Notice.objects.all()} <= {operation.pk}


def test_end_tells_each_reader_once_however_often_it_comes(shop: Vps, alice: Any) -> None:
    operation = ask(shop, by=alice)
    assert end(operation, "timed_out")
    assert not end(operation, "timed_out")
    Notice.objects.record_ends([operation.pk])
    assert notices() == [("alice", "failed", "shop")]


def test_end_tells_in_one_statement(shop: Vps, alice: Any, django_assert_num_queries: Any) -> None:
    """Beside the clock, the operation and its event."""
    operation = ask(shop, by=alice)
    with django_assert_num_queries(4):
        end(operation)
    notice = Notice.objects.get()
    operation.refresh_from_db()
    assert (notice.created_at, notice.seen_at, notice.kind) == (operation.finished_at, None, "reboot")


def test_end_of_what_nobody_has_ended_in_time_is_told_too(shop: Vps, alice: Any) -> None:
    operation = ask(shop, by=alice)
    Operation.objects.filter(pk=operation.pk).update(deadline_at=timezone.now() - timedelta(minutes=5))
    assert enforce() == 1
    assert notices() == [("alice", "failed", "shop")]


def test_unbind_tells_whose_operation_it_ends(shop: Vps, alice: Any, carol: Any) -> None:
    ask(shop, by=alice)
    binding.unbind(shop, by=carol, source="admin")
    assert notices() == [("alice", "failed", "shop")]


def test_request_that_overtakes_tells_of_what_it_has_overtaken(shop: Vps, alice: Any) -> None:
    ask(shop, by=alice)
    ask(shop, "force-stop", by=alice)
    assert notices() == [("alice", "overtaken", "shop")]


def test_former_owner_is_told_nothing_of_a_server_that_is_anothers(shop: Vps, alice: Any, bob: Any) -> None:
    operation = ask(shop, by=alice)
    Vps.objects.filter(pk=shop.pk).update(user=bob, name="bobs own name")
    end(operation)
    assert notices() == []


def test_former_owners_failure_is_told_to_whom_it_concerns(shop: Vps, alice: Any, bob: Any) -> None:
    operation = ask(shop, by=alice)
    Vps.objects.filter(pk=shop.pk).update(user=bob)
    end(operation, "timed_out")
    assert notices() == [("bob", "failed", "shop")]


# What is news no more


def test_end_is_the_last_news_of_its_server(shop: Vps, alice: Any, make_vps: Any, bind: Any) -> None:
    """A program that fails by the hour leaves one notice, and not hundreds; other servers have their own."""
    blog = make_vps(alice, name="blog")
    bind(blog, 101)
    end(ask(blog, by=alice, source="api"), "timed_out")
    for _ in range(3):
        end(ask(shop, by=None, source="sync"), "timed_out")
    assert notices(seen_at=None) == [("alice", "failed", "blog"), ("alice", "failed", "shop")]


def test_request_of_the_reader_puts_away_what_was_told_of_that_server(shop: Vps, alice: Any, carol: Any) -> None:
    end(ask(shop, by=carol, source="admin"), "timed_out")
    ask(shop, by=alice)
    assert notices(seen_at=None) == [("carol", "failed", "shop")]


def test_delete_tells_the_owner_and_puts_away_what_failed_before(
    shop: Vps, alice: Any, make_vps: Any, main_site: Any
) -> None:
    make_vps(alice, name="blog")
    end(ask(shop, by=alice), "timed_out")
    main_site("delete", id=shop.pk)
    main_site("delete", id=shop.pk)
    assert notices(seen_at=None) == [("alice", "deleted", "shop")]


def test_delete_of_what_is_under_way_is_told_to_the_owner_as_that_and_to_staff_as_a_failure(
    shop: Vps, alice: Any, carol: Any, main_site: Any
) -> None:
    ask(shop, by=carol, source="admin")
    main_site("delete", id=shop.pk)
    assert notices() == [("carol", "failed", "shop"), ("alice", "deleted", "shop")]


def test_delete_of_a_user_takes_the_notices_along_by_any_way(shop: Vps, alice: Any, carol: Any) -> None:
    end(ask(shop, by=carol, source="admin"), "timed_out")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE operations SET requested_by_id = NULL")
        cursor.execute("DELETE FROM users WHERE id = %s", [carol.pk])
    assert notices() == [("alice", "failed", "shop")]


# The mark on the row


def failed_on(vps: Vps) -> Notice | None:
    (row,) = Vps.objects.filter(pk=vps.pk).with_state()
    notice: Notice | None = row.failed_notice
    marked = Vps.objects.filter(has_unseen_failure(), pk=vps.pk)
    assert bool(notice) == marked.exists() == bool(Vps.objects.get(pk=vps.pk).failed_notice)
    return notice


def test_failed_notice_is_there_until_the_owner_has_seen_it(shop: Vps, alice: Any, carol: Any) -> None:
    assert failed_on(shop) is None
    operation = ask(shop, by=carol, source="admin")
    end(operation, "timed_out")
    notice = failed_on(shop)
    assert notice is not None
    assert (notice.user, notice.operation) == (alice, operation)
    assert "in time" in str(notice.reason)
    Notice.objects.filter(user=carol).dismiss()
    assert failed_on(shop)
    Notice.objects.filter(user=alice).dismiss()
    assert failed_on(shop) is None


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("source", ["admin", "sync", "system"])
def test_failed_notice_makes_room_for_what_anybody_has_asked_since(
    shop: Vps, alice: Any, source: str, ends: bool
) -> None:
    end(ask(shop, by=alice), "timed_out")
    later = ask(shop, "start", by=person("dave", is_staff=True) if source == "admin" else None, source=source)
    if ends:
        end(later)
    assert failed_on(shop) is None
    assert notices(seen_at=None, outcome="failed") == [("alice", "failed", "shop")]


@pytest.mark.parametrize("code", ["", "superseded"])
def test_failed_notice_is_of_failures_alone(shop: Vps, alice: Any, code: str) -> None:
    end(ask(shop, by=alice), code)
    assert failed_on(shop) is None


def test_failed_notice_of_another_owner_is_not_the_new_ones(shop: Vps, alice: Any, bob: Any) -> None:
    end(ask(shop, by=alice), "timed_out")
    Vps.objects.filter(pk=shop.pk).update(user=bob)
    assert failed_on(shop) is None


def test_with_state_asks_three_times_however_many_servers_there_are(
    shop: Vps, alice: Any, make_vps: Any, bind: Any, django_assert_num_queries: Any
) -> None:
    for at in range(10):
        vps = make_vps(alice, name=f"vps-{at}")
        bind(vps, 200 + at)
        end(ask(vps, by=alice, source="api"), "timed_out")
    with django_assert_num_queries(3):
        rows = list(Vps.objects.with_state())
        assert len([row for row in rows if row.failed_notice and row.failed_notice.operation.requested_by]) == 10


def test_dismiss_waits_for_nobody_and_changes_what_is_new_alone(shop: Vps, alice: Any) -> None:
    end(ask(shop, by=alice), "timed_out")
    Notice.objects.all().dismiss()
    first = Notice.objects.get().seen_at
    Notice.objects.all().dismiss()
    assert Notice.objects.get().seen_at == first is not None


def test_fail_of_a_claim_that_was_taken_over_tells_nobody(shop: Vps, alice: Any) -> None:
    operation = ask(shop, by=alice)
    operation.seize()
    fail(operation, "timed_out")
    assert notices() == []
