"""What stands around the staff's pages: sidebar, menu, chips, filters and questions."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from vps.models import Vps
from vps.operations.verbs import VERBS

CHIP = re.compile(
    r'<a class="chip" href="([^"]*)"( aria-current="true")?>([^<]*) <span class="count( bad)?">(\d+)</span>'
)


def sidebar(browser: Any, path: str) -> dict[str, bool]:
    """Each place that it leads to, and whether it is marked."""
    page = browser.get(path).content.decode()
    [menu] = re.findall(r'<nav class="places.*?</nav>', page, re.DOTALL)
    links = re.findall(r'<a class="menu-item" href="([^"]*)"( aria-current="page")?', menu)
    return {address: bool(mark) for address, mark in links}


def chips(browser: Any, path: str = "/admin/vps/vps/") -> dict[str, int]:
    return {word: int(count) for _, _, word, _, count in CHIP.findall(browser.get(path).content.decode())}


def test_sidebar_leads_staff_with_one_right_to_one_place(as_user: Any, bob: Any) -> None:
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_event"))
    assert list(sidebar(as_user(bob), "/admin/vps/event/")) == ["/admin/", "/admin/vps/event/"]


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/vps/vps/", "/admin/vps/operation/", "/admin/vps/synccall/", "/admin/accounts/user/"]
)
def test_sidebar_marks_where_one_is_and_nothing_else(admin: Any, path: str) -> None:
    links = sidebar(admin, path)
    assert [address for address, is_marked in links.items() if is_marked] == [path]
    assert len(links) > 5


def test_menu_has_theme_language_and_the_way_out(admin: Any) -> None:
    """F5: of the theme of Django's admin, which has a key of its own, nothing is left."""
    page = admin.get("/admin/").content.decode()
    assert re.findall(r'data-theme-choice="(\w+)"', page) == ["system", "light", "dark"]
    assert 'action="/logout/"' in page
    assert re.search(r"lang=.?ru|hreflang", page)
    assert "theme-toggle" not in page
    assert "admin/js/theme.js" not in page


def test_chips_count_what_they_lead_to(admin: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    bind(make_vps(alice, name="well"), vmid=101)
    bind(make_vps(alice, name="vanished"), vmid=102, missing_since=timezone.now())
    make_vps(alice, name="homeless")
    make_vps(alice, name="new", status="creating")
    make_vps(alice, name="broken", status="error")
    found = chips(admin)
    assert found["All"] == Vps.objects.count() == 5
    page = admin.get("/admin/vps/vps/").content.decode()
    for address, _, word, _, count in CHIP.findall(page):
        assert admin.get(f"/admin/vps/vps/{address}").context["cl"].result_count == int(count), word
    names = {row.name for row in admin.get("/admin/vps/vps/?show=attention").context["cl"].queryset}
    assert {"vanished", "broken"} <= names
    assert "well" not in names


def test_chips_and_search_keep_what_else_was_chosen(admin: Any, alice: Any, make_vps: Any) -> None:
    make_vps(alice)
    page = admin.get("/admin/vps/vps/?status__exact=running&show=unbound&q=web").content.decode()
    assert 'name="status__exact" value="running"' in page
    assert 'name="show" value="unbound"' in page
    for address, *_rest in CHIP.findall(page):
        assert "status__exact=running" in address
        assert "q=web" in address
    chosen = page.partition('id="chosen"')[2].partition("</div>")[0]
    away = re.findall(r'<a class="chip" href="([^"]*)"', chosen)
    assert len(away) == 1
    assert "status__exact" not in away[0]
    assert "show=unbound" in away[0]


def test_list_says_what_its_columns_mean_and_clears_a_selection_without_scripts(
    admin: Any, alice: Any, make_vps: Any
) -> None:
    make_vps(alice)
    page = admin.get("/admin/vps/vps/?show=unbound").content.decode()
    assert "size: CPU" in page
    assert re.search(r'<a class="btn[^"]*" href="/admin/vps/vps/\?show=unbound">', page)
    assert "Clear selection</a>" in page


def test_harsh_buttons_are_told_from_the_others(admin: Any, alice: Any, make_vps: Any, bind: Any) -> None:
    vps = make_vps(alice)
    bind(vps)
    page = admin.get(f"/admin/vps/vps/{vps.pk}/change/").content.decode()
    buttons = [
        (name, mark) for mark, name in re.findall(r'class="btn( harsh)?" name="action" value="power_(\w+)"', page)
    ]
    marks = {verb.name.replace("-", "_"): " harsh" if verb.is_harsh else "" for verb in VERBS.values()}
    assert dict(buttons) == marks
    assert len(set(marks.values())) == 2


@pytest.mark.parametrize("verb", ["reboot", "force_stop"])
def test_question_names_the_server_and_offers_cancel_first(
    admin: Any, alice: Any, make_vps: Any, bind: Any, verb: str
) -> None:
    vps = make_vps(alice, name="shop")
    bind(vps)
    page = admin.post("/admin/vps/vps/", {"action": f"power_{verb}", "_selected_action": [vps.pk]}).content.decode()
    assert re.search(r"<h1>[^<]*shop[^<]*\?</h1>", page)
    assert page.index("cancel-link") < page.index('type="submit" class="btn btn-danger"')


def test_question_of_deleting_names_what_goes_and_offers_cancel_first(as_user: Any, carol: Any) -> None:
    carol.is_superuser = True
    carol.save()
    group = Group.objects.create(name="First line")
    page = as_user(carol).get(f"/admin/auth/group/{group.pk}/delete/").content.decode()
    assert "<h1>Delete “First line”?</h1>" in page
    assert page.index("cancel-link") < page.index('type="submit" class="btn btn-danger"')


def test_login_of_the_admin_is_the_panels(alice: Any, carol: Any, as_user: Any) -> None:
    answer = Client().get("/admin/login/?next=/admin/vps/vps/")
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/admin/vps/vps/")
    assert as_user(alice).get("/admin/login/").status_code == 403
    assert as_user(carol).get("/admin/login/")["Location"] == "/admin/"


def test_question_of_deleting_a_group_names_it_and_no_rows_that_only_join(as_user: Any, carol: Any, bob: Any) -> None:
    carol.is_superuser = True
    carol.save()
    group = Group.objects.create(name="First line")
    group.permissions.add(Permission.objects.get(codename="view_event"))
    bob.groups.add(group)
    page = as_user(carol).get(f"/admin/auth/group/{group.pk}/delete/").content.decode()
    assert "Group: <a href" in page
    assert "object (" not in page


@pytest.mark.parametrize(("language", "is_russian"), [("en", False), ("ru", True)])
def test_form_of_somebody_elses_password_is_in_the_readers_language(
    as_user: Any, carol: Any, bob: Any, language: str, is_russian: bool
) -> None:
    carol.is_superuser = True
    carol.save()
    page = as_user(carol).get(f"/admin/accounts/user/{bob.pk}/password/", headers={"accept-language": language})
    help_text = page.content.decode().partition('<div class="help"')[2].partition("</div>")[0]
    assert help_text
    assert bool(re.search("[А-Яа-я]", help_text)) == is_russian
    assert bool(re.search(r"\b[a-z]{4}", re.sub("<[^>]*>", "", help_text))) != is_russian
