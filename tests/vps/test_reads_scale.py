"""What reads cost among many: rows touched, by EXPLAIN. What is read of one page is so of one among a million."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from benchmarks.many import fill
from benchmarks.touched import steps
from tests.conftest import person
from vps.models import Operation
from vps.services import binding
from web.bounded_list import FEW, FOUND

MANY = 3 * FEW
# Whoever reads all of a table reads many times this.
TOUCHED = MANY // 10
LOGIN = "user-000010"
READS = {
    "list of a customer": (LOGIN, "/"),
    "page of a server": (LOGIN, "/vps/190/"),
    "sync page": ("key", "/api/vps/sync?limit=100"),
    "next sync page": ("key", "/api/vps/sync?limit=100&after=20000"),
    "sync page of what is new": ("key", "/api/vps/sync?updated_since=2100-01-01T00:00:00Z"),
    "digest": ("key", "/api/vps/sync?digest=sum"),
    "one by the main site's id": ("key", "/api/vps/sync?external_id=order-9000"),
    "feed": ("key", "/api/events?limit=100"),
    "feed of a rare type": ("key", "/api/events?limit=100&type=vps.missing"),
    "feed of rare types": ("key", "/api/events?limit=100&type=vps.missing,vps.found"),
    "first page of the staff": ("carol", "/admin/"),
    "servers": ("carol", "/admin/vps/vps/"),
    "servers by name": ("carol", "/admin/vps/vps/?o=1"),
    "servers by name, reversed": ("carol", "/admin/vps/vps/?o=-1"),
    "servers by state": ("carol", "/admin/vps/vps/?o=2"),
    "servers by owner": ("carol", "/admin/vps/vps/?o=3"),
    "servers by address": ("carol", "/admin/vps/vps/?o=-4"),
    "servers by their last change": ("carol", "/admin/vps/vps/?o=-7"),
    "servers of a state": ("carol", "/admin/vps/vps/?status__exact=error"),
    "servers of an owner": ("carol", "/admin/vps/vps/?user__id__exact=10"),
    "servers elsewhere": ("carol", "/admin/vps/vps/?hypervisor__exact=kvm"),
    "servers that are gone": ("carol", "/admin/vps/vps/?guest=missing"),
    "servers that need a hand": ("carol", "/admin/vps/vps/?show=attention"),
    "servers that are unknown": ("carol", "/admin/vps/vps/?show=unknown"),
    "servers that are not bound": ("carol", "/admin/vps/vps/?show=unbound"),
    "servers, page 10,000": ("carol", "/admin/vps/vps/?p=10000"),
    "a name": ("carol", "/admin/vps/vps/?q=web-0009000"),
    "the beginning of all names": ("carol", "/admin/vps/vps/?q=web-"),
    "an address": ("carol", "/admin/vps/vps/?q=10.0.1.7"),
    "an owner": ("carol", f"/admin/vps/vps/?q={LOGIN}@example.com"),
    "a guest": ("carol", "/admin/vps/vps/?q=9100"),
    "a server": ("carol", "/admin/vps/vps/9000/change/"),
    "events": ("carol", "/admin/vps/event/"),
    "events of a rare type": ("carol", "/admin/vps/event/?type__exact=vps.missing"),
    "events that staff made": ("carol", "/admin/vps/event/?source__exact=admin"),
    "events of a server": ("carol", "/admin/vps/event/?q=web-0009000"),
    "operations": ("carol", "/admin/vps/operation/"),
    "operations that failed": ("carol", "/admin/vps/operation/?outcome=failed"),
    "operations of a kind": ("carol", "/admin/vps/operation/?kind__exact=stop"),
    "operations of an error": ("carol", "/admin/vps/operation/?error=vps_busy"),
    "operations of a server": ("carol", "/admin/vps/operation/?q=web-0009000"),
    "deliveries": ("carol", "/admin/vps/webhookdelivery/"),
    "users": ("carol", "/admin/accounts/user/"),
    "users who are locked out": ("carol", "/admin/accounts/user/?is_active__exact=0"),
}
HELD_BY = {
    "feed_of_a_type": "feed of a rare type",
    "placements_in_trouble": "servers",
    "operations_by_kind": "operations of a kind",
    "vps_by_status": "servers of a state",
    "vps_by_name": "a name",
}
Reader = Callable[[str, str], Any]
FORGET_STATISTICS = """
    DELETE FROM pg_statistic USING pg_class
    WHERE starelid = pg_class.oid AND relnamespace = 'public'::regnamespace
"""


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A company with many servers, made once; what a test does to it is undone. It goes with all that PostgreSQL found out
    about it: plans of other tests hang on that."""
    with django_db_blocker.unblock():
        fill(MANY, role="origin")
        person("carol", is_staff=True, is_superuser=True)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
    yield
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(FORGET_STATISTICS)


@pytest.fixture
def many(company: None, db: None, as_user: Any, settings: Any) -> Reader:
    """How one of its readers reads an address."""
    browsers = {name: as_user(User.objects.get(username=name)) for name in (LOGIN, "carol")}
    browsers["key"] = Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]})
    return lambda who, path: browsers[who].get(path)


def costly(call: Callable[[], Any]) -> list[str]:
    """What of the statements of this call reads a great part of a table, or sorts more than a search shows."""
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        call()
    selects = [query["sql"] for query in queries if query["sql"].lstrip(" (\n").startswith("SELECT")]
    found = [(step, select) for select in selects for step in steps(select)]
    bounds = ((step, FOUND + 1 if "Sort" in step.kind else TOUCHED, select) for step, select in found)
    return [f"{step}: {select[:2000]}" for step, most, select in bounds if step.rows > most]


def test_reads_touch_few_rows_of_many_and_sort_no_more_than_a_search_shows(many: Reader) -> None:
    for what, (who, path) in READS.items():
        answer = many(who, path)
        assert answer.status_code == 200, what
        assert not (steps := costly(lambda who=who, path=path: many(who, path))), f"{what}: {steps}"  # type: ignore[misc]
    assert not costly(binding.bind_by_name)


def test_reads_that_miss_their_index_are_told_of(many: Reader) -> None:
    """What is held above is held by these."""
    for index, read in HELD_BY.items():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {index}")
            assert costly(lambda read=read: many(*READS[read])), index  # type: ignore[misc]
            transaction.set_rollback(True)


def test_list_of_many_says_about_how_many_there_are_and_does_nothing_to_those_that_it_does_not_show(
    many: Reader, as_user: Any
) -> None:
    page = words(many("carol", "/admin/vps/vps/?p=10000"))
    assert "about 30 000 in total. The first 1 000 are listed" in page
    assert many("carol", "/admin/vps/vps/?p=10000").context["cl"].page_num == 20
    assert "Select all 1" not in page
    assert "more than 1 000 in total" in words(many("carol", "/admin/vps/vps/?status__exact=running"))
    assert "≈3 000</a>" in words(many("carol", "/admin/"))
    form = {"action": "power_reboot", "_selected_action": ["1"], "select_across": "1", "confirmed": "1"}
    assert as_user(User.objects.get(username="carol")).post("/admin/vps/vps/", form).status_code == 400
    assert not Operation.objects.filter(state="queued").exists()


def test_search_among_many_finds_beginnings_and_any_part_with_a_star(many: Reader) -> None:
    def found(text: str) -> set[str]:
        return {row.name for row in many("carol", f"/admin/vps/vps/?q={text}").context["cl"].queryset}

    assert found("web-000900") == {f"web-000900{digit}" for digit in range(10)}
    assert found("WEB-0009000") == found("order-9000") == found("*0009000") == {"web-0009000"}
    assert found("9100") == {"web-0009000", "web-0009100"}
    assert found(f"{LOGIN} 0000181") == {"web-0000181"}
    assert found("eb-0009000") == found("%25") == found("_eb") == set()
    page = words(many("carol", "/admin/vps/vps/?q=web-"))
    assert "more than 100 in total" in page
    assert "with * in front" in page


def words(answer: Any) -> str:
    return str(answer.content.decode()).replace("\N{NARROW NO-BREAK SPACE}", " ")
