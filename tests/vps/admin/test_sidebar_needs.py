"""What the sidebar says needs a hand, and what it costs."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache

from tests.conftest import person
from tests.seams import Shorten
from tests.vps.admin.reading import words
from vps.models import Cluster

LINK = re.compile(r'<a class="menu-item" href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


@pytest.fixture(autouse=True)
def counted_anew(shorten: Shorten) -> None:
    cache.delete("attention")
    shorten(attention_s=3600)


@pytest.fixture
def troubled(alice: Any, make_vps: Any, cluster: Cluster) -> None:
    for _number in range(3):
        make_vps(alice, status="error")


def needs(browser: Any, path: str = "/admin/vps/event/") -> dict[str, str]:
    """By its address, what stands beside each link where something does."""
    menu = browser.get(path).content.decode().partition('<nav class="places"')[2].partition("</nav>")[0]
    beside = {address: words(label).partition("Need attention: ")[2] for address, label in LINK.findall(menu)}
    return {address: number for address, number in beside.items() if number}


def test_sidebar_says_beside_each_place_how_much_of_it_needs_a_hand(admin: Any, troubled: None) -> None:
    assert needs(admin) == {"/admin/": "6", "/admin/vps/vps/": "6"}, "in error, and without a guest"
    assert 'class="ms-auto text-tone tone-fail"' in admin.get("/admin/vps/event/").content.decode()


def test_sidebar_says_nothing_of_what_one_may_not_look_at(as_user: Any, troubled: None) -> None:
    dave = person("dave", is_staff=True)
    dave.user_permissions.add(Permission.objects.get(codename="view_event"))
    assert needs(as_user(dave)) == {}


def test_sidebar_says_nothing_where_all_is_well(admin: Any) -> None:
    assert needs(admin) == {}


def test_sidebar_costs_a_query_and_for_some_seconds_none(
    admin: Any, alice: Any, make_vps: Any, django_assert_num_queries: Any
) -> None:
    """However many rows there are."""
    path = "/admin/vps/cluster/add/"
    admin.get(path)
    for number in range(20):
        make_vps(alice, name=f"web-{number}", status="error")
    with django_assert_num_queries(3):
        admin.get(path)
    cache.delete("attention")
    with django_assert_num_queries(4):
        admin.get(path)
