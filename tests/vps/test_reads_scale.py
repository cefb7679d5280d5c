"""What reads cost among many: rows touched, by EXPLAIN. What is read of one page is so of one among a million."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from benchmarks.many import fill
from benchmarks.touched import steps
from tests.conftest import person
from vps.services import binding
from web.bounded_list import FEW, FOUND, MOST

MANY = 2 * FEW
LOGIN = "user-000010"
READS = {
    "list of a customer": (LOGIN, "/"),
    "page of a server": (LOGIN, "/vps/190/"),
    "sync page": ("key", "/api/vps/sync?limit=100"),
    "next sync page": ("key", "/api/vps/sync?limit=100&after=9000"),
    "sync page of what is new": ("key", "/api/vps/sync?updated_since=2100-01-01T00:00:00Z"),
    "one by the main site's id": ("key", "/api/vps/sync?external_id=order-9000"),
    "feed": ("key", "/api/events?limit=100"),
    "feed of a rare type": ("key", "/api/events?limit=100&type=vps.missing"),
    "feed of rare types": ("key", "/api/events?limit=100&type=vps.missing,vps.found"),
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
Reader = Callable[[str, str], Any]


@pytest.fixture
def many(transactional_db: None, as_user: Any, settings: Any) -> Reader:
    """A company with many servers. Gives how one of its readers reads an address."""
    fill(MANY, role="origin")
    person("carol", is_staff=True, is_superuser=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    browsers = {name: as_user(User.objects.get(username=name)) for name in (LOGIN, "carol")}
    browsers["key"] = Client(headers={"x-api-key": settings.MAIN_SITE_API_KEYS[0]})
    return lambda who, path: browsers[who].get(path)


def costly(call: Callable[[], Any]) -> list[str]:
    """What of the statements of this call reads more than a list counts, or sorts more than a search shows."""
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        call()
    selects = [query["sql"] for query in queries if query["sql"].lstrip(" (").startswith("SELECT")]
    found = [(step, select) for select in selects for step in steps(select)]
    bounds = ((step, FOUND + 1 if "Sort" in step.kind else MOST + 1, select) for step, select in found)
    return [f"{step}: {select[:2000]}" for step, most, select in bounds if step.rows > most]


def test_reads_touch_no_more_rows_among_many_than_a_list_counts(many: Reader) -> None:
    for what, (who, path) in READS.items():
        answer = many(who, path)
        assert answer.status_code == 200, what
        assert not (steps := costly(lambda who=who, path=path: many(who, path))), f"{what}: {steps}"  # type: ignore[misc]
    assert not costly(binding.bind_by_name)


@pytest.mark.parametrize(
    ("index", "read"),
    [
        ("feed_of_a_type", "feed of a rare type"),
        ("vps_by_name", "a name"),
        ("placements_in_trouble", "servers"),
        ("vps_by_status", "servers of a state"),
        ("operations_by_kind", "operations of a kind"),
    ],
)
def test_reads_that_miss_their_index_are_told_of(many: Reader, index: str, read: str) -> None:
    """What is held above is held by this index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [index])
        (definition,) = cursor.fetchone()
        cursor.execute(f"DROP INDEX {index}")
        try:
            assert costly(lambda: many(*READS[read]))
        finally:
            cursor.execute(definition)


def test_list_of_many_says_about_how_many_there_are_and_where_it_ends(many: Reader) -> None:
    page = many("carol", "/admin/vps/vps/?p=10000").content.decode()
    assert "about 20\N{NARROW NO-BREAK SPACE}000 in total" in page
    assert "The first 1\N{NARROW NO-BREAK SPACE}000 are listed" in page
    assert 'aria-current="page">20</span>' in page
    assert "Select all 1" not in page
    page = many("carol", "/admin/vps/vps/?status__exact=running").content.decode()
    assert "more than 1\N{NARROW NO-BREAK SPACE}000 in total" in page


def test_search_among_many_finds_beginnings_and_any_part_with_a_star(many: Reader) -> None:
    def found(text: str) -> set[str]:
        return {row.name for row in many("carol", f"/admin/vps/vps/?q={text}").context["cl"].queryset}

    assert found("web-000900") == {f"web-000900{digit}" for digit in range(10)}
    assert found("WEB-0009000") == found("order-9000") == found("0009000") | {"web-0009000"} == {"web-0009000"}
    assert found("*0009000") == {"web-0009000"}
    assert found(f"{LOGIN} 0000181") == {"web-0000181"}
    assert found("%25") == found("_eb") == set()
    assert "more than 200" in many("carol", "/admin/vps/vps/?q=web-").content.decode().replace(
        "\N{NARROW NO-BREAK SPACE}", ""
    )


def test_nothing_is_done_at_once_to_more_rows_than_a_list_shows(many: Reader, as_user: Any) -> None:
    browser = as_user(User.objects.get(username="carol"))
    form = {"action": "power_reboot", "_selected_action": ["1"], "select_across": "1", "confirmed": "1"}
    assert browser.post("/admin/vps/vps/", form).status_code == 400
