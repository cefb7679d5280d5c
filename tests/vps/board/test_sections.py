"""The staff's first page as a whole: which sections are whose, what it costs, and how it renews itself."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from tests.conftest import person
from tests.vps.admin.reading import words
from tests.vps.attention.world import troubled
from vps.board.sections import SECTIONS

__all__ = ["troubled"]


def shown(browser: Any) -> list[str]:
    page = browser.get("/admin/").content.decode()
    return re.findall(r'<section class="card board-(\w+)"', page)


def test_board_shows_every_section_to_who_may_look_at_all(admin: Any) -> None:
    assert shown(admin) == [section.name for section in SECTIONS]


@pytest.mark.parametrize(
    ("codenames", "sections"),
    [
        ([], []),
        (["view_operation"], ["operations"]),
        (["view_cluster"], ["clusters"]),
        (["view_synccall"], ["main_site"]),
        (["view_webhookendpoint", "view_webhookdelivery"], ["webhooks"]),
        (["view_webhookendpoint"], []),
        (["view_event", "view_vps"], []),
    ],
)
def test_board_shows_each_section_by_the_right_to_look_at_its_rows(
    as_user: Any, db: None, codenames: list[str], sections: list[str]
) -> None:
    dave = person("dave", is_staff=True)
    dave.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    assert shown(as_user(dave)) == ["attention", *sections]


def test_board_costs_the_same_queries_whatever_is_wrong(
    admin: Any, request: Any, django_assert_num_queries: Any
) -> None:
    """Session and user, and two a section at most."""
    headers = {"hx-request": "true"}
    with django_assert_num_queries(9):
        admin.get("/admin/", headers=headers)
    request.getfixturevalue("troubled")
    with django_assert_num_queries(11):
        admin.get("/admin/", headers=headers)


def test_board_renews_itself_by_one_request_for_the_board_alone(admin: Any) -> None:
    page = admin.get("/admin/").content.decode()
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in page
    assert 'id="board" hx-get="/admin/" hx-trigger="every 15s" hx-swap="outerHTML"' in page
    fragment = admin.get("/admin/", headers={"hx-request": "true"}).content.decode()
    assert fragment.lstrip().startswith('<div class="board" id="board"')
    assert "<html" not in fragment
    # What has the focus keeps it by its id.
    assert [link for link in re.findall(r"<a ([^>]*)>", fragment) if 'id="' not in link] == []


def test_board_leads_on_to_every_list_of_the_admin(admin: Any) -> None:
    page = admin.get("/admin/").content.decode()
    for model in ("vps", "operation", "event", "cluster", "synccall", "webhookendpoint", "webhookdelivery"):
        assert f'href="/admin/vps/{model}/"' in page


@pytest.mark.parametrize(("language", "title"), [("en", "Summary"), ("ru", "Сводка")])
def test_board_is_said_in_both_languages(admin: Any, troubled: None, language: str, title: str) -> None:
    admin.post("/language/setlang/", {"language": language})
    fragment = words(admin.get("/admin/", headers={"hx-request": "true"}).content.decode())
    assert fragment.startswith(title)
    assert bool(re.search("[А-Яа-я]", fragment)) == (language == "ru")


def test_board_needs_nothing_that_its_content_security_policy_forbids(admin: Any, troubled: None) -> None:
    fragment = admin.get("/admin/", headers={"hx-request": "true"}).content.decode()
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script|javascript:", fragment)
    assert fragment.count("<svg") == len(re.findall(r'<svg[^>]*aria-hidden="true"', fragment))
